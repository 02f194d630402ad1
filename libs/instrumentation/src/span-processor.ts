import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import { spanExportMeters } from './span-export.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The processor that the SDK would make by the standard variables, but one that tells when spans get lost. Undefined when
 * they name another exporter than OTLP: then the SDK makes it.
 */
export function spanProcessor(env: Environment): BatchSpanProcessor | undefined {
  if ((env['OTEL_TRACES_EXPORTER'] || 'otlp') !== 'otlp') return undefined;
  return new BatchSpanProcessor({
    exporter: exporterFor(env),
    selfObsMeterProvider: spanExportMeters,
    ...numbers(env, {
      maxQueueSize: 'OTEL_BSP_MAX_QUEUE_SIZE',
      scheduledDelayMillis: 'OTEL_BSP_SCHEDULE_DELAY',
      exportTimeoutMillis: 'OTEL_BSP_EXPORT_TIMEOUT',
      maxExportBatchSize: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    }),
  });
}

/** The exporter reads its other variables itself. */
function exporterFor(env: Environment): SpanExporter {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] || env['OTEL_EXPORTER_OTLP_PROTOCOL'];
  if (protocol === 'grpc') return new GrpcExporter();
  return protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
}

/** Those of the options whose variable is a number from 0 on; for the others the SDK has defaults. */
function numbers<Options extends Record<string, string>>(
  env: Environment,
  options: Options,
): Partial<Record<keyof Options, number>> {
  const set = Object.entries(options).flatMap(([option, variable]) => {
    const value = Number(env[variable]?.trim() || NaN);
    return value >= 0 ? [[option, value] as const] : [];
  });
  return Object.fromEntries(set) as Partial<Record<keyof Options, number>>;
}
