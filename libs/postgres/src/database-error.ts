import { condemnsConnection } from './condemned-connection.js';

/** SQLSTATEs of data exceptions, not_null_violation and check_violation. */
const REFUSED_VALUE_SQLSTATE = /^(22...|23502|23514)$/;

/** Does the database refuse a value of the statement, so that every repetition fails too? */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSED_VALUE_SQLSTATE.test(String(error.code));
}

/** SQLSTATEs (PostgreSQL, appendix A) of failures that are not caused by the statement and pass by themselves. */
const TRANSIENT_SQLSTATE = /^(08|53|57P0|40001|40P01|55P03|57014|25P03|25006)/;
const TRANSIENT_NODE_CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/**
 * Messages of pg and pg-pool that come without a code. TypeORM throws the last two after a connection has died within a
 * transaction.
 */
const TRANSIENT_MESSAGES =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after calling end|not queryable|Driver not Connected|was already released|runner already released/i;

/** Is the error transient: is the database away, full, restarting or busy, so that the same statement may succeed later? */
export function isTransientDatabaseError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (condemnsConnection(error) || TRANSIENT_SQLSTATE.test(code) || TRANSIENT_NODE_CODES.test(code))
    return true;
  if (error instanceof AggregateError) return error.errors.some(isTransientDatabaseError);
  return TRANSIENT_MESSAGES.test(error.message) || isTransientDatabaseError(error.cause);
}
