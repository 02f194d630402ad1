import {
  DomainError,
  PROBLEM_KINDS,
  PROBLEMS,
  type FieldError,
  type ProblemCode,
  type ProblemDetails,
} from '@orders/contracts';

/** Most field errors in one answer, which keeps it small: callers fix the first ones first. */
const MAX_FIELD_ERRORS = 20;

/** An error as the HTTP edge answers it. */
export interface Problem {
  code: ProblemCode;
  /** HTTP status of the code, or a more exact one of the HTTP stack (408, 431). */
  status: number;
  detail: string;
  errors: readonly FieldError[];
  /** How many more errors there are. */
  errorsOmitted: number;
  /** Value of the header `Retry-After`, in whole seconds; no header when undefined. */
  retryAfterSeconds: number | undefined;
}

/**
 * The problem to answer for `error`. A {@link DomainError} brings its own. An error of the HTTP stack with a status below
 * 500 keeps that status, with a text of ours. Everything else is a bug: 500, and the caller sees nothing of it.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof DomainError) {
    const { code, message: detail, errors, errorsOmitted, retryAfterSeconds } = error;
    const { http: status } = PROBLEM_KINDS[error.kind];
    return { code, status, detail, errors, errorsOmitted, retryAfterSeconds };
  }
  const status = statusOf(error);
  const [code, detail] = BY_STATUS[status] ?? (status < 500 ? MALFORMED : INTERNAL);
  const known = status in BY_STATUS || status < 500;
  return {
    code,
    status: known ? status : 500,
    detail,
    errors: [],
    errorsOmitted: 0,
    retryAfterSeconds: undefined,
  };
}

/** The body of an error answer (RFC 9457), with the first 20 field errors and the number of the others. */
export function problemDetails(
  problem: Problem,
  ids: { requestId?: string | undefined; traceId?: string | undefined },
): ProblemDetails {
  const errors = problem.errors.slice(0, MAX_FIELD_ERRORS);
  const omitted = problem.errorsOmitted + problem.errors.length - errors.length;
  return {
    type: `urn:problem:orders:${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    detail: problem.detail,
    errors: errors.length > 0 ? errors : undefined,
    errorsOmitted: omitted > 0 ? omitted : undefined,
    requestId: ids.requestId,
    traceId: ids.traceId,
  };
}

type Wording = readonly [code: ProblemCode, detail: string];

const MALFORMED: Wording = ['malformed-request', 'The request is not well-formed HTTP'];
const INTERNAL: Wording = ['internal', 'The request failed; its id finds the cause in our logs'];

const BY_STATUS: Readonly<Record<number, Wording>> = {
  401: ['unauthenticated', 'The request carries no valid access token'],
  403: ['forbidden', 'The access token does not allow this'],
  404: ['not-found', 'No resource has this path'],
  405: ['method-not-allowed', 'The resource does not support this method'],
  408: ['malformed-request', 'The request did not arrive in full in time'],
  413: ['payload-too-large', 'The body is larger than this resource accepts'],
  415: ['unsupported-media-type', 'The body must be application/json in UTF-8 without a content encoding'],
  429: ['rate-limited', 'Too many requests'],
  431: ['payload-too-large', 'The headers are larger than 16 KiB'],
};

function statusOf(error: unknown): number {
  const { status, statusCode } = (error ?? {}) as { status?: unknown; statusCode?: unknown };
  const number = Number(statusCode ?? status);
  return Number.isInteger(number) && number >= 400 && number <= 599 ? number : 500;
}
