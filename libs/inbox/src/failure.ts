import { isRefusedValue, isTransientDatabaseError } from '@orders/postgres';
import { z } from 'zod';

/**
 * A handler throws it when an event can never take effect, however often it is tried. The event becomes a dead letter
 * at once.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/**
 * Why the handling of an event failed:
 * - `transient`: a server is unreachable or busy. The event is retried without limit, with backoff.
 * - `permanent`: the event can never take effect. It becomes a dead letter.
 * - `unknown`: most likely a bug. The event is retried a few times, then becomes a dead letter.
 */
export type FailureClass = 'transient' | 'permanent' | 'unknown';

/** Classifies an error that a handler threw. */
export function classifyFailure(error: unknown): FailureClass {
  if (error instanceof PermanentError || error instanceof z.ZodError || isRefusedValue(error))
    return 'permanent';
  return isTransientDatabaseError(error) ? 'transient' : 'unknown';
}
