import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { observeProcess } from './process-metrics.js';
import { reader } from './provider.js';

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

/** Longest time that a scrape waits for the observed metrics, in ms. */
const COLLECT_LIMIT_MS = 2_000;

/**
 * All metrics in the Prometheus text format. Waits up to 2 s for observed metrics; one that fails or takes longer is left out
 * of this scrape.
 */
export async function metricsText(): Promise<string> {
  const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_LIMIT_MS });
  return serializer.serialize(resourceMetrics);
}

observeProcess();
