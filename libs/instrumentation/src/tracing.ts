import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { envDetector, hostDetector, processDetector } from '@opentelemetry/resources';

import { meterProvider } from './metrics.js';
import { setTelemetry } from './telemetry.js';

type Instrumentations = ReturnType<typeof getNodeAutoInstrumentations>;

/** Libraries that are patched when `require` loads them, which ES modules that import them never do. */
const PATCHED = ['@grpc/grpc-js', 'pg', 'pg-pool'];
/** Asked every few seconds by machines: no spans. */
const UNTRACED_PATHS = new Set(['/livez', '/readyz', '/startupz', '/metrics', '/healthz']);

/**
 * Starts the OpenTelemetry SDK: spans of http, grpc and pg by OTLP, everything else by the standard `OTEL_*`
 * variables. Installs no signal handler; `flushTelemetry` ends it.
 */
export async function startTracing(): Promise<void> {
  const instrumentations = selectInstrumentations();
  preload();
  // Not before: its exporters import @grpc/grpc-js, and what an ES module imports once stays unpatched for all.
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    instrumentations,
    // The default probes the metadata addresses of clouds.
    resourceDetectors: [envDetector, hostDetector, processDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  setTelemetry(sdk);
}

function selectInstrumentations(): Instrumentations {
  const instrumentations = getNodeAutoInstrumentations({
    // Without a parent a query is the app's own polling: no trace of its own for each.
    '@opentelemetry/instrumentation-pg': { requireParentSpan: true },
    // Our own mixin writes the ids; logs go to stdout, not to the collector.
    '@opentelemetry/instrumentation-pino': { disableLogSending: true, disableLogCorrelation: true },
    '@opentelemetry/instrumentation-http': {
      ignoreIncomingRequestHook: (request) => UNTRACED_PATHS.has(request.url ?? ''),
    },
  });
  for (const instrumentation of instrumentations) {
    // Their http and rpc metrics would double ours; only the runtime's are new.
    if (instrumentation.instrumentationName.endsWith('runtime-node')) {
      instrumentation.setMeterProvider(meterProvider);
    }
  }
  return instrumentations;
}

function preload(): void {
  const main = process.argv[1];
  if (!main) return;
  const require = createRequire(pathToFileURL(main));
  for (const library of PATCHED) {
    try {
      require(library);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
}
