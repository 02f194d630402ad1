import { envDetector, hostDetector, processDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { spanProcessor } from './span-processor.js';
import { setTelemetry } from './telemetry.js';

/**
 * Starts the OpenTelemetry SDK, configured by the standard `OTEL_*` variables: sampler, exporter, limits. It patches no
 * package, because our edges make the spans (docs/adr/0015). It installs no signal handler; `flushTelemetry` stops it.
 *
 * @param env the environment of the process
 */
export function startTracing(env: Readonly<Record<string, string | undefined>>): void {
  const processor = spanProcessor(env);
  const sdk = new NodeSDK({
    // The default would probe the metadata addresses of clouds.
    resourceDetectors: [envDetector, hostDetector, processDetector],
    metricReaders: [],
    logRecordProcessors: [],
    ...(processor && { spanProcessors: [processor] }),
  });
  sdk.start();
  setTelemetry(sdk);
}
