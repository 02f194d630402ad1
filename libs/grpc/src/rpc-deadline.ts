import { Deadline } from '@orders/resilience';

/** Time for a call without deadline, in ms; the same as at the HTTP edge. */
const DEFAULT_DEADLINE_MS = 5_000;

/** One for all: grpc-js emits `cancelled` after each answer too, and an error with its stack would be made every time. */
const GONE = new Error('the caller no longer waits for this call');

/** The part of a `ServerUnaryCall` that tells how long its caller waits. */
interface TimedCall {
  readonly cancelled: boolean;
  getDeadline(): Date | number;
  once(event: 'cancelled', listener: () => void): unknown;
}

/**
 * The deadline of a gRPC call; 5 s when it has none. It is over when the time is up or the caller cancels. grpc-js then
 * answers the caller but leaves the handler running: the handler must check the deadline.
 */
export function deadlineOf(call: TimedCall): Deadline {
  const gone = new AbortController();
  if (call.cancelled) gone.abort(GONE);
  else call.once('cancelled', () => gone.abort(GONE));
  const leftMs = Number(call.getDeadline()) - Date.now();
  if (leftMs === Infinity) return Deadline.after(DEFAULT_DEADLINE_MS, gone.signal);
  return Deadline.withoutTimer(gone.signal, leftMs);
}
