import type { MetricDefinitions } from '@orders/instrumentation';
import { DURATION_BUCKETS } from '@orders/instrumentation/buckets';

const consumer = 'the name of the app';

/** What a consumer of events exports. */
export const METRICS = {
  events: {
    kind: 'counter',
    name: 'consumer.events',
    description: 'Events taken from the bus, by consumer and outcome',
    labels: { consumer, outcome: ['applied', 'duplicate', 'dead_letter'] },
    apps: 'consume',
  },
  retries: {
    kind: 'counter',
    name: 'consumer.retries',
    description: 'Events not applied and tried again, by consumer and reason',
    labels: { consumer, reason: ['transient', 'installation', 'unknown', 'permanent'] },
    apps: 'consume',
  },
  gaps: {
    kind: 'counter',
    name: 'consumer.sequence_gaps',
    description: 'Gaps in the sequence of the events of one subject, by consumer and state',
    labels: { consumer, state: ['opened', 'closed'] },
    apps: 'consume',
  },
  duration: {
    kind: 'histogram',
    name: 'consumer.batch_duration.seconds',
    description: 'Time from the first statement of a batch to its commit',
    buckets: DURATION_BUCKETS,
    labels: { consumer },
    apps: 'consume',
  },
  lag: {
    kind: 'gauge',
    name: 'consumer.lag',
    description: 'Events that are not acknowledged: waiting to be delivered plus delivered and open',
    labels: { consumer },
    apps: 'consume',
  },
} as const satisfies MetricDefinitions;
