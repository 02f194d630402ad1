import type { MetricDefinitions } from '@orders/instrumentation';
import { DELAY_BUCKETS, DURATION_BUCKETS } from '@orders/instrumentation/buckets';

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
  criticalTime: {
    kind: 'histogram',
    name: 'consumer.critical_time.seconds',
    description:
      "From the time of an event (`ce-time`, by its producer's clock, before its commit) to the commit of its effect, by this process's clock; replays too",
    buckets: DELAY_BUCKETS,
    exemplars: true,
    labels: { consumer },
    apps: 'consume',
  },
  redelivered: {
    kind: 'counter',
    name: 'consumer.redelivered',
    description:
      'Events that the bus delivered again, because an earlier delivery was not acknowledged in time',
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
