import { Deadline } from '@orders/resilience';

/** What a call has that names no deadline, in ms: that of the edge. */
const DEFAULT_DEADLINE_MS = 5_000;

/** What of a `ServerUnaryCall` tells how long its caller waits. */
interface TimedCall {
  readonly cancelled: boolean;
  getDeadline(): Date | number;
  once(event: 'cancelled', listener: () => void): unknown;
}

/**
 * The deadline of a gRPC call, over as soon as the caller cancels. grpc-js answers the caller at that moment but
 * leaves the handler running: whoever works on must look at this.
 */
export function deadlineOf(call: TimedCall): Deadline {
  const gone = new AbortController();
  if (call.cancelled) gone.abort();
  else call.once('cancelled', () => gone.abort());
  const leftMs = Number(call.getDeadline()) - Date.now();
  if (leftMs === Infinity) return Deadline.after(DEFAULT_DEADLINE_MS, gone.signal);
  return Deadline.withoutTimer(gone.signal, leftMs);
}
