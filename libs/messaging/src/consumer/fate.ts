import { z } from 'zod';

/**
 * To be thrown by a handler when an event can never take effect, however often it is tried: it becomes a dead
 * letter at once.
 */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/**
 * What becomes of an event whose handling failed:
 * - `transient`: the world is not ready; tried again for ever, with growing pauses;
 * - `permanent`: it can never work; dead letter;
 * - `unknown`: most likely a bug; tried a few times, then dead letter.
 */
export type Fate = 'transient' | 'permanent' | 'unknown';

export function fateOf(error: unknown): Fate {
  if (error instanceof PermanentError || error instanceof z.ZodError || isRefusedValue(error))
    return 'permanent';
  return isTransientDatabaseError(error) ? 'transient' : 'unknown';
}

/** What a column does not take, it never will: data exceptions, not_null_violation, check_violation. */
const REFUSED_VALUE_SQLSTATE = /^(22...|23502|23514)$/;

function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSED_VALUE_SQLSTATE.test(String(error.code));
}

/** SQLSTATE classes (PostgreSQL, appendix A) that say nothing about the statement, only about the moment. */
const TRANSIENT_SQLSTATE = /^(08|53|57P0|40001|40P01|55P03|57014|25P03|25006)/;
const TRANSIENT_NODE_CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/** pg and pg-pool throw these without a code; TypeORM the last two, after a connection has died within a transaction. */
const TRANSIENT_MESSAGES =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after calling end|not queryable|Driver not Connected|was already released|runner already released/i;

/** Is the database away, full, restarting or busy, so that the same statement may succeed later? */
export function isTransientDatabaseError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (TRANSIENT_SQLSTATE.test(code) || TRANSIENT_NODE_CODES.test(code)) return true;
  if (error instanceof AggregateError) return error.errors.some(isTransientDatabaseError);
  return TRANSIENT_MESSAGES.test(error.message) || isTransientDatabaseError(error.cause);
}
