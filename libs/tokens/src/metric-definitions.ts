import type { MetricDefinitions } from '@orders/instrumentation';

/** What apps export that take access tokens. */
export const METRICS = {
  keyFetches: {
    kind: 'counter',
    name: 'token.keys.fetches',
    description: "Fetches of the issuer's keys, by outcome",
    labels: { outcome: ['ok', 'failed'] },
    apps: 'tokens',
  },
  keyAge: {
    kind: 'gauge',
    name: 'token.keys.age.seconds',
    description: "Time since the issuer's keys were fetched; before that, since the start",
    apps: 'tokens',
  },
} as const satisfies MetricDefinitions;
