import { grpcStatus as status } from './grpc-status.js';

/**
 * The kinds of problems, with their status on each transport. HTTP statuses follow RFC 9110, gRPC statuses the
 * descriptions in google/rpc/code.proto.
 */
export const PROBLEM_KINDS = {
  malformed: { http: 400, grpc: status.INVALID_ARGUMENT },
  invalid: { http: 422, grpc: status.INVALID_ARGUMENT },
  unauthenticated: { http: 401, grpc: status.UNAUTHENTICATED },
  forbidden: { http: 403, grpc: status.PERMISSION_DENIED },
  notFound: { http: 404, grpc: status.NOT_FOUND },
  methodNotAllowed: { http: 405, grpc: status.UNIMPLEMENTED },
  conflict: { http: 409, grpc: status.ABORTED },
  precondition: { http: 412, grpc: status.FAILED_PRECONDITION },
  tooLarge: { http: 413, grpc: status.INVALID_ARGUMENT },
  mediaType: { http: 415, grpc: status.INVALID_ARGUMENT },
  throttled: { http: 429, grpc: status.RESOURCE_EXHAUSTED },
  unavailable: { http: 503, grpc: status.UNAVAILABLE },
  overloaded: { http: 503, grpc: status.RESOURCE_EXHAUSTED },
  deadline: { http: 504, grpc: status.DEADLINE_EXCEEDED },
  internal: { http: 500, grpc: status.INTERNAL },
} as const;

export type ProblemKind = keyof typeof PROBLEM_KINDS;

/** All problems that a caller can get, by code. A code is never renamed. */
export const PROBLEMS = {
  'malformed-request': { kind: 'malformed', title: 'The request could not be read' },
  'validation-failed': { kind: 'invalid', title: 'The request breaks a rule' },
  unauthenticated: { kind: 'unauthenticated', title: 'A valid access token is needed' },
  forbidden: { kind: 'forbidden', title: 'The access token does not allow this' },
  'not-found': { kind: 'notFound', title: 'There is nothing here' },
  'order-not-found': { kind: 'notFound', title: 'There is no such order' },
  'method-not-allowed': { kind: 'methodNotAllowed', title: 'The resource does not support this method' },
  'idempotency-key-in-use': { kind: 'conflict', title: 'A request with this idempotency key is under way' },
  'idempotency-key-reused': { kind: 'invalid', title: 'The idempotency key belongs to another order' },
  'version-mismatch': { kind: 'precondition', title: 'The order has changed since it was read' },
  'payload-too-large': { kind: 'tooLarge', title: 'The request is too large' },
  'unsupported-media-type': { kind: 'mediaType', title: 'The body must be application/json' },
  'rate-limited': { kind: 'throttled', title: 'Too many requests' },
  unavailable: { kind: 'unavailable', title: 'The service cannot answer now' },
  overloaded: { kind: 'overloaded', title: 'There are more requests than can be served now' },
  'deadline-exceeded': { kind: 'deadline', title: 'The request took too long' },
  internal: { kind: 'internal', title: 'Something went wrong on our side' },
} as const satisfies Record<string, { kind: ProblemKind; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** An invalid place in a request: an RFC 6901 pointer into the body, or the name of a header or parameter. */
export interface FieldError {
  pointer: string;
  detail: string;
}

/** The body of every error answer over HTTP (RFC 9457), media type `application/problem+json`. */
export interface ProblemDetails {
  /** `urn:problem:orders:` followed by the code; identifies the problem. */
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: FieldError[] | undefined;
  /** How many more errors there are than `errors` has; absent when it has all. */
  errorsOmitted?: number | undefined;
  requestId?: string | undefined;
  traceId?: string | undefined;
}

export interface DomainErrorOptions {
  errors?: readonly FieldError[];
  errorsOmitted?: number;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An outcome that a caller can act on. Any other error that is thrown is a bug and becomes `internal`. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly errors: readonly FieldError[];
  /** How many more errors there were, which a sender left out. */
  readonly errorsOmitted: number;
  /** Seconds until a retry may succeed; undefined when it never does. Default: 1 for a retryable code. */
  readonly retryAfterSeconds: number | undefined;

  /**
   * @param code identifies the problem
   * @param detail text for humans, which the caller sees: it must not show internals
   */
  constructor(
    readonly code: ProblemCode,
    detail: string,
    options: DomainErrorOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.errors = options.errors ?? [];
    this.errorsOmitted = options.errorsOmitted ?? 0;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (isRetryable(code) ? 1 : undefined);
  }

  get kind(): ProblemKind {
    return PROBLEMS[this.code].kind;
  }
}

/** May the same request succeed later? So for 409 in progress, 429, 503 and 504. */
export function isRetryable(code: ProblemCode): boolean {
  return ['conflict', 'throttled', 'unavailable', 'overloaded', 'deadline'].includes(PROBLEMS[code].kind);
}

/** Is `text` a code of {@link PROBLEMS}? */
export function isProblemCode(text: unknown): text is ProblemCode {
  return typeof text === 'string' && Object.hasOwn(PROBLEMS, text);
}

/**
 * The problem for a gRPC status without a problem code. A peer that refuses the identity of the app is a fault of the
 * installation, which no caller has made.
 */
export function problemOfGrpcStatus(grpc: number): ProblemCode {
  switch (grpc) {
    case status.CANCELLED:
    case status.UNAVAILABLE:
    case status.PERMISSION_DENIED:
    case status.UNAUTHENTICATED:
      return 'unavailable';
    case status.RESOURCE_EXHAUSTED:
      return 'overloaded';
    case status.DEADLINE_EXCEEDED:
      return 'deadline-exceeded';
    case status.ABORTED:
      return 'idempotency-key-in-use';
    case status.NOT_FOUND:
      return 'not-found';
    case status.INVALID_ARGUMENT:
      return 'validation-failed';
    default:
      return 'internal';
  }
}

/** The trailer with the problem code of a failed gRPC call. */
export const PROBLEM_CODE_TRAILER = 'problem-code';
/** The trailer with the field errors of a failed gRPC call, as percent-encoded JSON. */
export const PROBLEM_ERRORS_TRAILER = 'problem-errors';
/** The trailer with how many field errors the other one leaves out; absent when it has all. */
export const PROBLEM_ERRORS_OMITTED_TRAILER = 'problem-errors-omitted';
/** The key of the initial metadata (gRPC) and the header (HTTP) that mark a replayed answer; the value is `true`. */
export const REPLAYED_METADATA = 'idempotent-replayed';
