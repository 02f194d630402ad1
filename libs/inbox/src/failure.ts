import { isRefusedValue, isTransientDatabaseError } from '@orders/postgres';
import { z } from 'zod';

/**
 * To be thrown by a handler when an event can never take effect, however often it is tried: it becomes a dead
 * letter at once.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/**
 * Why the handling of an event failed:
 * - `transient`: a server is away or busy; the event is retried without limit, with backoff;
 * - `permanent`: the event can never take effect; it becomes a dead letter;
 * - `unknown`: most likely a bug; the event is retried a few times, then becomes a dead letter.
 */
export type FailureClass = 'transient' | 'permanent' | 'unknown';

/** Classifies what a handler threw. */
export function classifyFailure(error: unknown): FailureClass {
  if (error instanceof PermanentError || error instanceof z.ZodError || isRefusedValue(error))
    return 'permanent';
  return isTransientDatabaseError(error) ? 'transient' : 'unknown';
}
