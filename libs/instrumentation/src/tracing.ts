import { envDetector, hostDetector, processDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { checkSampler } from './sampler-variables.js';
import { setTelemetry } from './telemetry.js';

/**
 * Starts the OpenTelemetry SDK, configured by the standard `OTEL_*` variables: sampler, exporter, limits. It patches no
 * package, because our edges make the spans (docs/adr/0015). It installs no signal handler; `flushTelemetry` stops it.
 *
 * @throws Error that names a variable whose value is none
 */
export function startTracing(env: Readonly<Record<string, string | undefined>>): void {
  checkSampler(env);
  const sdk = new NodeSDK({
    // The default would probe the metadata addresses of clouds.
    resourceDetectors: [envDetector, hostDetector, processDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  setTelemetry(sdk);
}
