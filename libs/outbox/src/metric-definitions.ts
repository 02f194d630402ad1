import type { MetricDefinitions } from '@orders/instrumentation';

/** What the relay of an outbox log exports. */
export const METRICS = {
  published: {
    kind: 'counter',
    name: 'outbox.publish_attempts',
    description: 'Attempts to publish an event of the outbox log, by subject and outcome',
    labels: {
      subject: 'the types of the events that the app publishes',
      outcome: ['stored', 'known', 'unproven', 'failed'],
    },
    apps: 'publish',
  },
  rewinds: {
    kind: 'counter',
    name: 'outbox.rewinds',
    description: 'Times that the stream had lost events and the relay went back to publish them again',
    labels: { reason: ['younger', 'shorter', 'overwritten', 'beginning', 'gap'] },
    apps: 'publish',
  },
  oldestPending: {
    kind: 'gauge',
    name: 'outbox.oldest_pending.seconds',
    description: 'Age of the oldest event that is not published; 0 when there is none',
    apps: 'publish',
  },
  pending: {
    kind: 'gauge',
    name: 'outbox.pending',
    description: 'Events that are not published yet',
    apps: 'publish',
  },
  heldBack: {
    kind: 'gauge',
    name: 'outbox.held_back',
    description:
      'Events that are committed and wait for an older transaction, of any client of the server, to end',
    apps: 'publish',
  },
  leaseHeld: {
    kind: 'gauge',
    name: 'outbox.lease.held',
    description: '1 while this process is the one that publishes, 0 while it waits for the lease or fails',
    apps: 'publish',
  },
} as const satisfies MetricDefinitions;
