import type { Counter } from '@opentelemetry/api';
import { meter } from '@orders/instrumentation';
import type { OutboxCursor } from './outbox-cursor.js';

const REWIND_REASONS = ['younger', 'shorter', 'overwritten'] as const;
export type RewindReason = (typeof REWIND_REASONS)[number];

/** What a relay counts. */
export interface RelayMetrics {
  /** Attempts to publish, by subject and outcome (stored, known, failed). */
  readonly published: Counter;
  /** Times that the stream had lost events and was given them again, by reason. */
  readonly rewinds: Counter;
}

/** Those of the process. */
export function relayMetrics(): RelayMetrics {
  const metrics = meter('messaging');
  const rewinds = metrics.createCounter('outbox_rewinds', {
    description: 'Times that the stream had lost events and the relay went back to publish them again',
  });
  // There from the start, so that the first rewind is an increase.
  for (const reason of REWIND_REASONS) rewinds.add(0, { reason });
  return {
    published: metrics.createCounter('outbox_publish_attempts', {
      description: 'Attempts to publish an event of the outbox log, by subject and outcome',
    }),
    rewinds,
  };
}

/** Shows how far the relay is behind; asked for at each scrape. Absent when the database does not answer. */
export function observeOutbox(cursor: OutboxCursor): void {
  const metrics = meter('messaging');
  const age = metrics.createObservableGauge('outbox_oldest_pending_seconds', {
    description: 'Age of the oldest event that is not published; 0 when there is none',
  });
  const pending = metrics.createObservableGauge('outbox_pending', {
    description: 'Events that are not published yet',
  });
  metrics.addBatchObservableCallback(
    async (result) => {
      const stats = await cursor.stats();
      result.observe(age, stats.oldestAgeSeconds);
      result.observe(pending, stats.pending);
    },
    [age, pending],
  );
}
