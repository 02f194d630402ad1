/** The part of the OpenTelemetry SDK that this process uses. */
export interface Telemetry {
  shutdown(): Promise<void>;
}

/** Edges whose spans we make ourselves, unless an instrumentation of the same name makes them. */
export type Edge = 'http' | 'grpc';

let running: Telemetry | undefined;
let instrumented: ReadonlySet<string> = new Set();

/**
 * Called by `register` when it starts tracing; `undefined` = tracing is off again.
 *
 * @param names the instrumentations that are on, such as `http`
 */
export function setTelemetry(telemetry: Telemetry | undefined, names: Iterable<string> = []): void {
  running = telemetry;
  instrumented = new Set(names);
}

/** Do we make the spans of this edge? Not when tracing is off, nor when an instrumentation makes them. */
export function tracesEdge(edge: Edge): boolean {
  return running !== undefined && !instrumented.has(edge);
}

/** Is tracing on in this process? If not, no span is ever recorded, and none need be made. */
export function tracingIsOn(): boolean {
  return running !== undefined;
}

/** Longest time that the last export takes, in ms. */
const FLUSH_LIMIT_MS = 2_000;

/**
 * Exports the buffered spans and stops tracing; call it once, as the last step of a stop. Resolves at once when tracing
 * is off, and after 2 s when the collector does not answer. Never rejects: telemetry must not fail a stop.
 */
export async function flushTelemetry(): Promise<void> {
  if (!running) return;
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, FLUSH_LIMIT_MS);
  await Promise.race([running.shutdown().catch(() => undefined), limit.promise]);
  clearTimeout(timer);
}
