import {
  counter,
  type CounterOf,
  histogram,
  type HistogramOf,
  observe,
  tracedHistogram,
  type TracedHistogramOf,
} from '@orders/instrumentation';
import type { EventSource } from '@orders/messaging';
import { METRICS } from './metric-definitions.js';

/** The metrics of a consumer. */
export interface ConsumerMetrics {
  readonly events: CounterOf<typeof METRICS.events>;
  readonly retries: CounterOf<typeof METRICS.retries>;
  readonly gaps: CounterOf<typeof METRICS.gaps>;
  /** Duration of a batch's transaction in seconds. */
  readonly duration: HistogramOf<typeof METRICS.duration>;
  /** For each event that took effect, seconds since its time. */
  readonly criticalTime: TracedHistogramOf<typeof METRICS.criticalTime>;
  /** Deliveries that are not the first of their event. */
  readonly redelivered: CounterOf<typeof METRICS.redelivered>;
}

/** The metrics of a consumer, whose sources share them. @param name of the consumer */
export function consumerMetrics(name: string): ConsumerMetrics {
  const consumer = [name];
  return {
    events: counter(METRICS.events, { consumer }),
    retries: counter(METRICS.retries, { consumer }),
    gaps: counter(METRICS.gaps, { consumer }),
    duration: histogram(METRICS.duration),
    criticalTime: tracedHistogram(METRICS.criticalTime),
    redelivered: counter(METRICS.redelivered, { consumer }),
  };
}

/** Exports the lag of a consumer, summed over its sources at each scrape. Absent when the bus does not answer. */
export function observeLag(consumer: string, sources: readonly EventSource[]): void {
  observe([METRICS.lag], async (set) => {
    const lags = await Promise.all(sources.map((source) => source.lag()));
    set(
      METRICS.lag,
      lags.reduce((sum, lag) => sum + lag, 0),
      { consumer },
    );
  });
}
