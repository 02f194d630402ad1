import type { Counter, Histogram } from '@opentelemetry/api';
import { meter } from '@orders/instrumentation';
import type { EventSource } from '@orders/messaging';

/** What a consumer counts and measures. */
export interface ConsumerMetrics {
  /** Events by consumer and outcome (applied, duplicate, dead_letter). */
  readonly events: Counter;
  /** Gaps in the sequence of a subject's events, by consumer and what became of them (opened, closed). */
  readonly gaps: Counter;
  /** Seconds that a batch's transaction took, by consumer. */
  readonly duration: Histogram;
}

/** Those of the process: all consumers share them. */
export function consumerMetrics(): ConsumerMetrics {
  const metrics = meter('messaging');
  return {
    events: metrics.createCounter('consumer_events', {
      description: 'Events taken from the bus, by consumer and outcome',
    }),
    gaps: metrics.createCounter('consumer_sequence_gaps', {
      description: 'Gaps in the sequence of the events of one subject, by consumer and state: opened, closed',
    }),
    duration: metrics.createHistogram('consumer_batch_duration_seconds', {
      description: 'Time from the first statement of a batch to its commit',
      unit: 's',
    }),
  };
}

/** Shows how far a consumer is behind, over all its sources, at each scrape. Absent when the bus does not answer. */
export function observeLag(consumer: string, sources: readonly EventSource[]): void {
  meter('messaging')
    .createObservableGauge('consumer_lag', {
      description: 'Events that are not acknowledged: waiting to be delivered plus delivered and open',
    })
    .addCallback(async (result) => {
      const lags = await Promise.all(sources.map((source) => source.lag()));
      result.observe(
        lags.reduce((sum, lag) => sum + lag, 0),
        { consumer },
      );
    });
}
