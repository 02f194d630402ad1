/** The OpenTelemetry SDK, as far as this process needs to know it. */
export interface Telemetry {
  shutdown(): Promise<void>;
}

let running: Telemetry | undefined;

/** Told by `register` when tracing is on; `undefined` = it is off again. */
export function setTelemetry(telemetry: Telemetry | undefined): void {
  running = telemetry;
}

/** Is tracing on in this process? If not, spans are never recorded, and to make them is a waste. */
export function tracingIsOn(): boolean {
  return running !== undefined;
}

/** Longest time that the last export may take, in ms. */
const FLUSH_LIMIT_MS = 2_000;

/**
 * Sends what is still buffered and stops exporting; to be called last, once. Resolves at once when tracing is
 * off, and after 2 s at most when the collector does not answer. Never rejects: telemetry must not fail a stop.
 */
export async function flushTelemetry(): Promise<void> {
  if (!running) return;
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, FLUSH_LIMIT_MS);
  await Promise.race([running.shutdown().catch(() => undefined), limit.promise]);
  clearTimeout(timer);
}
