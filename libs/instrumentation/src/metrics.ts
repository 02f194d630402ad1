import type { Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

import { observeProcess } from './process-metrics.js';

// Scraped through the management port, so the exporter's own server never starts.
const reader = new PrometheusExporter({ preventServerStart: true });
const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
const provider = new MeterProvider({ readers: [reader] });

/** How long one scrape may wait for the observable instruments, in ms. */
const COLLECT_LIMIT_MS = 2_000;

/**
 * A meter of the OpenTelemetry API whose instruments appear on `/metrics`, whether tracing is on or not.
 * Names of instruments are global, as the scope is not exported, and end in their unit: the exporter turns dots into
 * underscores (`http.server.request.duration.seconds`), adds `_total` to counters, and leaves `unit` out of the name.
 */
export function meter(name: string): Meter {
  return provider.getMeter(name);
}

/**
 * Everything measured so far, in the Prometheus text format. Waits 2 s at most for observable instruments; one
 * that fails or is late is left out of this scrape.
 */
export async function metricsText(): Promise<string> {
  const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_LIMIT_MS });
  return serializer.serialize(resourceMetrics);
}

observeProcess(meter('process'));
