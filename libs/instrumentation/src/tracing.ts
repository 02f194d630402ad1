import { envDetector, hostDetector, processDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { patchLibraries } from './instrumentations.js';
import { checkSampler } from './sampler-variables.js';
import { spanProcessor } from './span-processor.js';
import { setTelemetry } from './telemetry.js';

const PREFIX = '@opentelemetry/instrumentation-';

/**
 * Starts the OpenTelemetry SDK, configured by the standard `OTEL_*` variables: sampler, exporter, limits. Spans of libraries
 * are made by instrumentations, those of our own edges by ourselves (docs/adr/0027). It installs no signal handler; `flushTelemetry` stops it.
 *
 * @throws Error that names a variable whose value is none
 */
export function startTracing(env: Readonly<Record<string, string | undefined>>): void {
  checkSampler(env);
  const instrumentations = patchLibraries(env);
  const processor = spanProcessor(env);
  const sdk = new NodeSDK({
    // The default would probe the metadata addresses of clouds.
    resourceDetectors: [envDetector, hostDetector, processDetector],
    instrumentations,
    metricReaders: [],
    logRecordProcessors: [],
    ...(processor && { spanProcessors: [processor] }),
  });
  sdk.start();
  const names = instrumentations.map(({ instrumentationName }) => instrumentationName.slice(PREFIX.length));
  setTelemetry(sdk, names);
}
