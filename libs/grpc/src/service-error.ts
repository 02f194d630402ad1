import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import {
  DomainError,
  PROBLEM_CODE_TRAILER,
  PROBLEM_ERRORS_OMITTED_TRAILER,
  PROBLEM_ERRORS_TRAILER,
  PROBLEM_KINDS,
  type FieldError,
  isProblemCode,
  problemOfGrpcStatus,
} from '@orders/contracts';
import type { ordersV1 } from '@orders/rpc';

/**
 * Largest size of the field errors of one problem, percent-encoded. Clients in Python take 8 KB of trailers, HAProxy 15 KB:
 * more than that, and the problem would arrive as RESOURCE_EXHAUSTED or UNAVAILABLE.
 */
const MAX_ERRORS_BYTES = 4_096;
/** Most characters of a detail, of which each may take 9 bytes. */
const MAX_DETAIL = 256;

/**
 * Maps an error to a gRPC status. A {@link DomainError} keeps its code, detail and field errors (in the trailers
 * `problem-code` and `problem-errors`; of the errors as many as fit into 4 KiB, with the number of the others in
 * `problem-errors-omitted`). Everything else is a bug and becomes INTERNAL, with a text that shows nothing of the error.
 */
export function toServiceError(error: unknown): ServiceError {
  const { status, code, detail, errors, errorsOmitted } = toProblemMessage(error);
  const metadata = new Metadata();
  if (errorsOmitted > 0) metadata.set(PROBLEM_ERRORS_OMITTED_TRAILER, String(errorsOmitted));
  metadata.set(PROBLEM_CODE_TRAILER, code);
  if (errors.length > 0) metadata.set(PROBLEM_ERRORS_TRAILER, encoded(errors));
  return Object.assign(new Error(detail), { code: status, details: detail, metadata });
}

/**
 * How grpc-js 1.14 describes a call that ended before there was a status: INTERNAL. A server that works gives one; over TLS
 * a connection that is reset may look like that.
 */
const ENDED_WITHOUT_STATUS = 'Received RST_STREAM with code 0 (Call ended without gRPC status)';

/**
 * Maps the error of a failed call to a {@link DomainError}, of which it becomes the `cause`, with UNAVAILABLE as its code
 * when the connection ended before the answer. A status without our trailers
 * (the peer is down, a proxy answered, the deadline passed) gets a detail of ours, because its own text may show internals.
 */
export function fromServiceError(error: ServiceError): DomainError {
  const named: unknown = error.metadata?.get(PROBLEM_CODE_TRAILER)[0];
  if (isProblemCode(named)) {
    const { metadata, details } = error;
    const errorsOmitted = Number(metadata.get(PROBLEM_ERRORS_OMITTED_TRAILER)[0] ?? 0) || 0;
    return new DomainError(named, details, { errors: fieldErrors(metadata), errorsOmitted, cause: error });
  }
  if (error.details === ENDED_WITHOUT_STATUS) error.code = status.UNAVAILABLE;
  const code = problemOfGrpcStatus(error.code);
  return new DomainError(code, DETAILS[code] ?? BUG, { cause: error });
}

/** The only detail that callers see of a bug. */
const BUG = 'Something went wrong on our side';

/** Details by problem code, for a status without our trailers. */
const DETAILS: Record<string, string> = {
  overloaded: 'There are more requests than can be served now; the same request may be repeated',
  unavailable: 'A service behind this one does not answer; the same request may be repeated',
  'deadline-exceeded': 'No answer came in time; the same request may be repeated',
  'idempotency-key-in-use': 'A request with this idempotency key is under way',
  'not-found': 'There is nothing here',
  'validation-failed': 'The request breaks a rule',
};

/** Maps the error of one item of a batch to its message in the answer; the same mapping as {@link toServiceError}. */
export function toProblemMessage(error: unknown): ordersV1.Problem {
  if (!(error instanceof DomainError))
    return { status: status.INTERNAL, code: 'internal', detail: BUG, errors: [], errorsOmitted: 0 };
  const { kind, code, message } = error;
  const errors = fitting(error.errors);
  const errorsOmitted = error.errorsOmitted + error.errors.length - errors.length;
  const detail = message.slice(0, MAX_DETAIL);
  return { status: PROBLEM_KINDS[kind].grpc, code, detail, errors, errorsOmitted };
}

/** Maps the message of a failed item of a batch to a {@link DomainError}; its `cause` has the gRPC status as `code`. */
export function fromProblemMessage(problem: ordersV1.Problem): DomainError {
  const { status: grpc, code, detail, errors, errorsOmitted } = problem;
  const cause = Object.assign(new Error(detail), { code: grpc });
  const known = isProblemCode(code) ? code : problemOfGrpcStatus(grpc);
  return new DomainError(known, detail, { errors, errorsOmitted, cause });
}

/** The first errors, as many as fit into the trailer. */
function fitting(errors: readonly FieldError[]): FieldError[] {
  // The encoded brackets, and a comma for each error but one.
  let bytes = encoded([]).length - 3;
  const tooMany = errors.findIndex((error) => (bytes += encoded(error).length + 3) > MAX_ERRORS_BYTES);
  return errors.slice(0, tooMany === -1 ? undefined : tooMany);
}

function encoded(value: object): string {
  return encodeURIComponent(JSON.stringify(value));
}

function fieldErrors(metadata: Metadata): FieldError[] {
  const [encoded] = metadata.get(PROBLEM_ERRORS_TRAILER);
  if (typeof encoded !== 'string') return [];
  try {
    const errors: unknown = JSON.parse(decodeURIComponent(encoded));
    return Array.isArray(errors) ? errors.filter(isFieldError) : [];
  } catch {
    // The sender uses another version of the contract; the problem code is still right.
    return [];
  }
}

function isFieldError(value: unknown): value is FieldError {
  const { pointer, detail } = (value ?? {}) as Partial<FieldError>;
  return typeof pointer === 'string' && typeof detail === 'string';
}
