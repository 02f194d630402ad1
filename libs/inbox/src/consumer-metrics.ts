import type { Counter, Histogram } from '@opentelemetry/api';
import { meter } from '@orders/instrumentation';
import type { EventSource } from '@orders/messaging';

/** The metrics of a consumer. */
export interface ConsumerMetrics {
  /** Events, by consumer and outcome: `applied`, `duplicate` or `dead_letter`. */
  readonly events: Counter;
  /** Events that were tried again or kept for later, by consumer and reason: a {@link FailureClass} but `permanent`. */
  readonly retries: Counter;
  /** Gaps in the sequence of a subject's events, by consumer and state: `opened` or `closed`. */
  readonly gaps: Counter;
  /** Duration of a batch's transaction in seconds, by consumer. */
  readonly duration: Histogram;
}

/** The metrics of this process, which all its consumers share. */
export function consumerMetrics(): ConsumerMetrics {
  const metrics = meter('messaging');
  return {
    events: metrics.createCounter('consumer_events', {
      description: 'Events taken from the bus, by consumer and outcome',
    }),
    retries: metrics.createCounter('consumer_retries', {
      description:
        'Events not applied and tried again, by consumer and reason: transient, installation, unknown',
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

/** Exports the lag of a consumer, summed over its sources at each scrape. Absent when the bus does not answer. */
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
