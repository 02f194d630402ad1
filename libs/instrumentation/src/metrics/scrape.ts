import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { acceptsOpenMetrics } from './accepts-open-metrics.js';
import { OPEN_METRICS, openMetrics } from './open-metrics.js';
import { observeProcess } from './process-metrics.js';
import { reader } from './provider.js';

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

/** Longest time that a scrape waits for the observed metrics, in ms. */
const COLLECT_LIMIT_MS = 2_000;

/**
 * All metrics, in the format that a scraper prefers: OpenMetrics 1.0, which alone has exemplars, or the Prometheus text
 * format. Waits up to 2 s for observed metrics; one that fails or takes longer is left out of this scrape.
 *
 * @param accept the `Accept` header of the scraper
 */
export async function scrape(accept?: string): Promise<{ contentType: string; body: string }> {
  const { resourceMetrics } = await reader.collect({ timeoutMillis: COLLECT_LIMIT_MS });
  if (acceptsOpenMetrics(accept)) return { contentType: OPEN_METRICS, body: openMetrics(resourceMetrics) };
  const body = serializer.serialize(resourceMetrics);
  return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body };
}

/** All metrics in the Prometheus text format. */
export async function metricsText(): Promise<string> {
  return (await scrape()).body;
}

observeProcess();
