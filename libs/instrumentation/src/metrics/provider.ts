import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, InstrumentType, MeterProvider } from '@opentelemetry/sdk-metrics';

/**
 * Exports a gauge only when it was observed for this scrape. The SDK would go on with the last value of one that cannot be read
 * any more: no lag while the bus is away, and no alert.
 */
class FreshGauges extends PrometheusExporter {
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type === InstrumentType.OBSERVABLE_GAUGE
      ? AggregationTemporality.DELTA
      : AggregationTemporality.CUMULATIVE;
  }
}

/** Metrics are scraped from the management port, so the exporter's own server never starts. */
export const reader = new FreshGauges({ preventServerStart: true });

/** Its instruments appear on `/metrics`, whether tracing is on or not. */
export const provider = new MeterProvider({ readers: [reader] });
