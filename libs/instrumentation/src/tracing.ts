import { envDetector, hostDetector, processDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { setTelemetry } from './telemetry.js';

/**
 * Starts the OpenTelemetry SDK as the standard `OTEL_*` variables say: sampler, exporter, limits. It patches nothing:
 * our own edges make the spans. Installs no signal handler; `flushTelemetry` ends it.
 */
export function startTracing(): void {
  const sdk = new NodeSDK({
    // The default probes the metadata addresses of clouds.
    resourceDetectors: [envDetector, hostDetector, processDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  setTelemetry(sdk);
}
