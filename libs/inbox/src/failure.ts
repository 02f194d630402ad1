import { isInstallationFault, isRefusedValue, isTransientDatabaseError } from '@orders/postgres';
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
 * - `installation`: a right, table or column is missing, which no event can be guilty of. It is retried like a transient
 *   failure, and the process is not ready meanwhile.
 * - `permanent`: the event can never take effect. It becomes a dead letter.
 * - `unknown`: most likely a bug. The event is retried a few times, then becomes a dead letter; see {@link FailureStreak}.
 */
export type FailureClass = 'transient' | 'installation' | 'permanent' | 'unknown';

/** Classifies an error that a handler threw. */
export function classifyFailure(error: unknown): FailureClass {
  if (error instanceof PermanentError || error instanceof z.ZodError || isRefusedValue(error))
    return 'permanent';
  if (isTransientDatabaseError(error)) return 'transient';
  return isInstallationFault(error) ? 'installation' : 'unknown';
}
