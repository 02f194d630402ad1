import { createNoopMeter, type Attributes, type Meter, type MeterProvider } from '@opentelemetry/api';
import { METRICS } from './metric-definitions.js';
import { counter } from './metrics/instruments.js';

/** The part of a logger that is used here. */
interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const dropped = counter(METRICS.spansDropped);

let log: Log | undefined;
/** Why the last export failed; undefined when it did not. */
let failure: string | undefined;

/** Tells `logger` when spans begin to get lost, once, and when they reach the collector again. */
export function logSpanExport(logger: Log): void {
  log = logger;
  if (failure !== undefined) logFailure(failure);
}

/**
 * For the `selfObsMeterProvider` of a batch span processor: its counter of processed spans shows which were dropped
 * (`otel_spans_dropped_total`) and whether the collector takes them. Costs nothing for a span, and a call for a batch.
 */
export const spanExportMeters: MeterProvider = {
  // Of a meter of its own: all others share the one that does nothing.
  getMeter: () =>
    Object.assign(Object.create(createNoopMeter()) as Meter, { createCounter: () => ({ add: processed }) }),
};

/** `error.type` is absent for spans that were exported, else `queue_full` or the name of an error. */
function processed(count: number, attributes: Attributes = {}): void {
  const error = attributes['error.type'];
  if (error === undefined) return recover();
  const reason = error === 'queue_full' ? 'queue_full' : 'failed';
  dropped.add(count, { reason });
  if (failure !== undefined) return;
  failure = typeof error === 'string' ? error : 'unknown';
  logFailure(failure);
}

function logFailure(error: string): void {
  log?.warn({ error }, 'spans do not reach the collector and are dropped');
}

function recover(): void {
  if (failure === undefined) return;
  failure = undefined;
  log?.info({}, 'spans reach the collector again');
}
