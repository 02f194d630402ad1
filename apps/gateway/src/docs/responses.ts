import { PROBLEM_KINDS, PROBLEMS, type ProblemCode } from '@orders/contracts';
import { ref } from './components.js';
import { EXAMPLE_ID } from './examples.js';
import { type HeaderName, headers } from './headers.js';

/** The headers of every answer to a request that could be parsed. */
const IDS: readonly HeaderName[] = ['X-Request-Id', 'X-Correlation-Id'];

/** The caller's rate limit: on answers to requests with a valid token. */
export const RATE_LIMIT: readonly HeaderName[] = ['RateLimit', 'RateLimit-Policy'];

export const json = (schema: object, example: unknown) => ({ 'application/json': { schema, example } });

/** A successful answer. */
export function success(
  description: string,
  content: object,
  { always = [], optional = [] }: { always?: readonly HeaderName[]; optional?: readonly HeaderName[] } = {},
) {
  return { description, headers: headers([...IDS, ...always], optional), content };
}

interface Answer {
  readonly status: number;
  readonly code: ProblemCode;
  readonly description: string;
}

/** Refusals of Node's parser, at any path; elsewhere these codes have other statuses. */
const UNREAD: readonly Answer[] = [
  { status: 408, code: 'malformed-request', description: 'The request did not arrive in time' },
  { status: 431, code: 'payload-too-large', description: 'The headers are too large' },
];

/** Statuses of which some answers are sent too early to have this header. */
const EARLY: Partial<Record<HeaderName, readonly number[]>> = {
  'X-Request-Id': [429, 503],
  'X-Correlation-Id': [400, 408, 413, 429, 431, 503],
};

const ALWAYS: Readonly<Record<number, readonly HeaderName[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  409: ['Retry-After'],
  429: ['Retry-After', ...RATE_LIMIT],
  503: ['Retry-After'],
  504: ['Retry-After'],
};

/** Statuses that are answered before the caller is known. */
const TO_STRANGERS = [401, 408, 431];

/**
 * The answers, by status, for these problems and for requests that cannot be parsed.
 *
 * @param optional headers that an answer to an authenticated caller may have
 */
export function problems(codes: readonly ProblemCode[], optional: readonly HeaderName[] = []) {
  const answers = [...codes.map(answerFor), ...UNREAD];
  const byStatus = [...Map.groupBy(answers, ({ status }) => status)];
  return Object.fromEntries(
    byStatus.map(([status, group]): [number, object] => [
      status,
      {
        description: group.map(({ description }) => description).join(', or: '),
        headers: problemHeaders(status, TO_STRANGERS.includes(status) ? [] : optional),
        content: problemContent(group),
      },
    ]),
  );
}

function answerFor(code: ProblemCode): Answer {
  const { kind, title } = PROBLEMS[code];
  return { status: PROBLEM_KINDS[kind].http, code, description: title };
}

function problemHeaders(status: number, optional: readonly HeaderName[]) {
  const isEarly = (name: HeaderName) => EARLY[name]?.includes(status) ?? false;
  const always = [...IDS.filter((name) => !isEarly(name)), ...(ALWAYS[status] ?? [])];
  const challenge: readonly HeaderName[] = status === 403 ? ['WWW-Authenticate'] : [];
  return headers(always, [...IDS.filter(isEarly), ...challenge, ...optional]);
}

function problemContent(answers: readonly Answer[]) {
  const examples = answers.map(({ status, code }) => {
    const { title } = PROBLEMS[code];
    const value = { type: `urn:problem:orders:${code}`, title, status, detail: title, requestId: EXAMPLE_ID };
    return [code, { value }];
  });
  return {
    'application/problem+json': {
      schema: ref('schemas', 'Problem'),
      examples: Object.fromEntries(examples) as Record<string, { value: object }>,
    },
  };
}
