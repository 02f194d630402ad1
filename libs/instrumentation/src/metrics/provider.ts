import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** Metrics are scraped from the management port, so the exporter's own server never starts. */
export const reader = new PrometheusExporter({ preventServerStart: true });

/** Its instruments appear on `/metrics`, whether tracing is on or not. */
export const provider = new MeterProvider({ readers: [reader] });
