import type { Counter } from '@opentelemetry/api';
import { meter } from '@orders/instrumentation';
import type { OutboxCursor } from './outbox-cursor.js';

const REWIND_REASONS = ['younger', 'shorter', 'overwritten', 'beginning', 'gap'] as const;
/**
 * How the stream differs: it was recreated, lost its end, grew again after it had lost its end, lost its beginning, or
 * lost messages in between.
 */
export type RewindReason = (typeof REWIND_REASONS)[number];

/** The counters of a relay. */
export interface RelayMetrics {
  /**
   * Attempts to publish, by subject and outcome: `stored`, `known` (a duplicate), `unproven` (acked as a duplicate that the
   * stream does not hold) or `failed`.
   */
  readonly published: Counter;
  /** Rewinds after the stream had lost events, by reason. */
  readonly rewinds: Counter;
}

/** The counters of this process. */
export function relayMetrics(): RelayMetrics {
  const metrics = meter('messaging');
  const rewinds = metrics.createCounter('outbox_rewinds', {
    description: 'Times that the stream had lost events and the relay went back to publish them again',
  });
  // Exported as 0 from the start, so that an alert sees the first rewind as an increase.
  for (const reason of REWIND_REASONS) rewinds.add(0, { reason });
  return {
    published: metrics.createCounter('outbox_publish_attempts', {
      description: 'Attempts to publish an event of the outbox log, by subject and outcome',
    }),
    rewinds,
  };
}

/** Exports how far the relay lags, queried at each scrape. Absent when the database does not answer. */
export function observeOutbox(cursor: OutboxCursor): void {
  const metrics = meter('messaging');
  const age = metrics.createObservableGauge('outbox_oldest_pending_seconds', {
    description: 'Age of the oldest event that is not published; 0 when there is none',
  });
  const pending = metrics.createObservableGauge('outbox_pending', {
    description: 'Events that are not published yet',
  });
  const heldBack = metrics.createObservableGauge('outbox_held_back', {
    description:
      'Events that are committed and wait for an older transaction, of any client of the server, to end',
  });
  metrics.addBatchObservableCallback(
    async (result) => {
      const stats = await cursor.stats();
      result.observe(age, stats.oldestAgeSeconds);
      result.observe(pending, stats.pending);
      result.observe(heldBack, stats.heldBack);
    },
    [age, pending, heldBack],
  );
}
