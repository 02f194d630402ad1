import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import {
  DomainError,
  PROBLEM_CODE_TRAILER,
  PROBLEM_ERRORS_TRAILER,
  PROBLEM_KINDS,
  type FieldError,
  isProblemCode,
  problemOfGrpcStatus,
} from '@orders/contracts';
import type { ordersV1 } from '@orders/rpc';

/**
 * The gRPC status that stands for `error`. A {@link DomainError} keeps its code, detail and field errors (in the
 * trailers `problem-code` and `problem-errors`); everything else is a bug and becomes INTERNAL without a word
 * about the inside.
 */
export function toServiceError(error: unknown): ServiceError {
  const { status, code, detail, errors } = toProblemMessage(error);
  const metadata = new Metadata();
  metadata.set(PROBLEM_CODE_TRAILER, code);
  if (errors.length > 0) metadata.set(PROBLEM_ERRORS_TRAILER, encodeURIComponent(JSON.stringify(errors)));
  return Object.assign(new Error(detail), { code: status, details: detail, metadata });
}

/**
 * The outcome that a failed call stands for; the call's error is its `cause`. A status without our trailers (the
 * peer is down, a proxy answered, the deadline passed) gets a detail of ours, as its text tells of the inside.
 */
export function fromServiceError(error: ServiceError): DomainError {
  const named: unknown = error.metadata?.get(PROBLEM_CODE_TRAILER)[0];
  if (isProblemCode(named)) {
    return new DomainError(named, error.details, { errors: fieldErrors(error.metadata), cause: error });
  }
  const code = problemOfGrpcStatus(error.code);
  return new DomainError(code, UNNAMED[code] ?? BUG, { cause: error });
}

/** All that is said of a bug. */
const BUG = 'Something went wrong on our side';

const UNNAMED: Record<string, string> = {
  overloaded: 'More is asked than can be served now; the same request may be repeated',
  unavailable: 'A service behind this one does not answer; the same request may be repeated',
  'deadline-exceeded': 'No answer came in time; the same request may be repeated',
  'idempotency-key-in-use': 'A request with this idempotency key is under way',
  'not-found': 'There is nothing here',
  'validation-failed': 'The request breaks a rule',
};

/** An item's failure in the answer to a batch: what {@link toServiceError} says in status and trailers. */
export function toProblemMessage(error: unknown): ordersV1.Problem {
  if (!(error instanceof DomainError))
    return { status: status.INTERNAL, code: 'internal', detail: BUG, errors: [] };
  const { kind, code, message, errors } = error;
  return { status: PROBLEM_KINDS[kind].grpc, code, detail: message, errors: [...errors] };
}

/** The outcome that an item's failure in the answer to a batch stands for; its `cause` has the status as `code`. */
export function fromProblemMessage({ status: grpc, code, detail, errors }: ordersV1.Problem): DomainError {
  const cause = Object.assign(new Error(detail), { code: grpc });
  return new DomainError(isProblemCode(code) ? code : problemOfGrpcStatus(grpc), detail, { errors, cause });
}

function fieldErrors(metadata: Metadata): FieldError[] {
  const [encoded] = metadata.get(PROBLEM_ERRORS_TRAILER);
  if (typeof encoded !== 'string') return [];
  try {
    const errors: unknown = JSON.parse(decodeURIComponent(encoded));
    return Array.isArray(errors) ? errors.filter(isFieldError) : [];
  } catch {
    // Whoever sent it speaks another version of the contract; the code alone is still right.
    return [];
  }
}

function isFieldError(value: unknown): value is FieldError {
  const { pointer, detail } = (value ?? {}) as Partial<FieldError>;
  return typeof pointer === 'string' && typeof detail === 'string';
}
