import { counter, type CounterOf, observe } from '@orders/instrumentation';
import { METRICS } from './metric-definitions.js';
import type { OutboxCursor } from './outbox-cursor.js';

/**
 * How the stream differs: it was recreated, lost its end, grew again after it had lost its end, lost its beginning, or
 * lost messages in between.
 */
export type RewindReason = (typeof METRICS.rewinds.labels.reason)[number];

/** The counters of a relay. */
export interface RelayMetrics {
  /**
   * Attempts to publish, by subject and outcome: `stored`, `known` (a duplicate), `unproven` (acked as a duplicate that the
   * stream does not hold) or `failed`.
   */
  readonly published: CounterOf<typeof METRICS.published>;
  /** Rewinds after the stream had lost events, by reason. */
  readonly rewinds: CounterOf<typeof METRICS.rewinds>;
}

/** The counters of this process. @param events types of the events that it publishes */
export function relayMetrics(events: readonly string[]): RelayMetrics {
  return {
    published: counter(METRICS.published, { subject: events }),
    rewinds: counter(METRICS.rewinds),
  };
}

/**
 * Exports how far the relay lags, queried at each scrape, and whether it holds the lease. The lag is absent when the database
 * does not answer.
 */
export function observeOutbox(cursor: OutboxCursor, relay: { readonly holdsLease: boolean }): void {
  observe([METRICS.leaseHeld], (set) => set(METRICS.leaseHeld, relay.holdsLease ? 1 : 0));
  const { oldestPending, pending, heldBack } = METRICS;
  observe([oldestPending, pending, heldBack], async (set) => {
    const stats = await cursor.stats();
    set(oldestPending, stats.oldestAgeSeconds);
    set(pending, stats.pending);
    set(heldBack, stats.heldBack);
  });
}
