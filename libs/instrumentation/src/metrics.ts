import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

import { observeProcess } from './process-metrics.js';

// Metrics are scraped from the management port, so the exporter's own server never starts.
const reader = new PrometheusExporter({ preventServerStart: true });
const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
const provider = new MeterProvider({ readers: [reader] });

/** Longest time that a scrape waits for the observable instruments, in ms. */
const COLLECT_LIMIT_MS = 2_000;

/**
 * A meter of the OpenTelemetry API whose instruments appear on `/metrics`, whether tracing is on or not.
 *
 * Names of instruments must be unique in the process, because the name of the meter is not exported. They end in their
 * unit, because the exporter does not add `unit` to the name: `http.server.request.duration.seconds`. The exporter turns
 * dots into underscores and adds `_total` to counters.
 */
export function meter(name: string): Meter {
  return provider.getMeter(name);
}

/**
 * All metrics in the Prometheus text format. Waits up to 2 s for observable instruments; one that fails or takes longer
 * is left out of this scrape.
 */
export async function metricsText(): Promise<string> {
  const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_LIMIT_MS });
  return serializer.serialize(resourceMetrics);
}

observeProcess(meter('process'));
