import type { MetricDefinitions } from '@orders/instrumentation';

/** What the gateway alone exports. */
export const METRICS = {
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
