import type { MetricDefinitions } from '@orders/instrumentation';

/** What the gateway alone exports. */
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
  refused: {
    kind: 'counter',
    name: 'http.server.refused',
    description:
      'Requests refused for overload, by lane (reads, writes) and reason: event-loop, full (queue), late (too long in the queue); connections closed above their limit, with the lane none',
    labels: {
      reason: ['event-loop', 'full', 'late', 'connections'],
      lane: ['reads', 'writes', 'none'],
    },
    apps: 'tokens',
  },
} as const satisfies MetricDefinitions;
