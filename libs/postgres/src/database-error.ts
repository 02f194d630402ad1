import { condemnsConnection } from './condemned-connection.js';

/** SQLSTATEs of data exceptions, not_null_violation and check_violation. */
const REFUSED_VALUE_SQLSTATE = /^(22...|23502|23514)$/;

/** Does the database refuse a value of the statement, so that every repetition fails too? */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && REFUSED_VALUE_SQLSTATE.test(String(error.code));
}

/** SQLSTATEs, or the classes that they begin with, and their names (PostgreSQL, appendix A). */
type SqlStates = Readonly<Record<string, string>>;

/** What passes by itself: the database is away, full, restarting or busy. */
const PASSING: SqlStates = {
  '08': 'connection_exception',
  '25006': 'read_only_sql_transaction',
  '25P03': 'idle_in_transaction_session_timeout',
  '25P04': 'transaction_timeout',
  '40001': 'serialization_failure',
  '40P01': 'deadlock_detected',
  '53': 'insufficient_resources',
  '55P03': 'lock_not_available',
  '57014': 'query_canceled',
  '57P': 'operator_intervention: admin_shutdown, crash_shutdown, cannot_connect_now, …',
};

/** What somebody must mend: it is due to the database, the role or the schema. */
const LASTING: SqlStates = {
  '0A000': 'feature_not_supported',
  '0P000': 'invalid_role_specification',
  '28': 'invalid_authorization_specification',
  '3D000': 'invalid_catalog_name',
  '3F000': 'invalid_schema_name',
  '40003': 'statement_completion_unknown',
  // No parameter is looked at before the statement has been parsed, and its rights have been checked.
  '42': 'syntax_error_or_access_rule_violation: insufficient_privilege, undefined_table, undefined_column, …',
  '55': 'object_not_in_prerequisite_state',
  '57': 'operator_intervention',
  '58': 'system_error',
  F0: 'config_file_error',
  XX001: 'data_corrupted',
  XX002: 'index_corrupted',
};

/**
 * Messages of pg and pg-pool that come without a code. TypeORM throws the last two after a connection has died within a
 * transaction.
 */
const PASSING_MESSAGES =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Cannot use a pool after calling end|not queryable|Driver not Connected|was already released|runner already released/i;
const PASSING_NODE_CODES =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;

/** Of pg: a password that is missing, a server without TLS. */
const LASTING_MESSAGES = /^SASL: |^The server does not support SSL connections/;
/** Of Node: a certificate that one side does not trust, a handshake that fails. */
const LASTING_NODE_CODES = /^(ERR_TLS_\w+|ERR_SSL_.+|CERT_\w+|\w+_CERT|\w+_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

/** Is the error transient: is the database away, full, restarting or busy, so that the same statement may succeed later? */
export function isTransientDatabaseError(error: unknown): boolean {
  return someCause(
    error,
    ({ code, routine, message }) =>
      condemnsConnection({ code, routine }) ||
      isOneOf(PASSING, code) ||
      PASSING_NODE_CODES.test(code) ||
      PASSING_MESSAGES.test(message),
  );
}

/**
 * Is the error one of the installation, which no value of a statement can be guilty of: is it transient, or due to the
 * server, its version, the role's rights or the schema? The same statement succeeds once that is mended.
 */
export function isInstallationFault(error: unknown): boolean {
  if (isTransientDatabaseError(error)) return true;
  return someCause(
    error,
    ({ code, message }) =>
      isOneOf(LASTING, code) || LASTING_NODE_CODES.test(code) || LASTING_MESSAGES.test(message),
  );
}

interface Described {
  readonly code: string;
  /** The function of the server that reports it. */
  readonly routine: unknown;
  readonly message: string;
}

/** Whether the error, one that it consists of, or one that caused it, is such a one. */
function someCause(error: unknown, isSuch: (described: Described) => boolean): boolean {
  if (!(error instanceof Error)) return false;
  const { message, cause } = error;
  const { code = '', routine } = error as { code?: unknown; routine?: unknown };
  if (isSuch({ code: String(code), routine, message })) return true;
  if (error instanceof AggregateError) return error.errors.some((each) => someCause(each, isSuch));
  return someCause(cause, isSuch);
}

/** Only five characters are a SQLSTATE: codes of Node have more. */
function isOneOf(states: SqlStates, code: string): boolean {
  return code.length === 5 && [2, 3, 5].some((length) => Object.hasOwn(states, code.slice(0, length)));
}
