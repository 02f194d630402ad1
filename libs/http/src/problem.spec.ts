import { describe, expect, it } from '@jest/globals';
import {
  DomainError,
  isRetryable,
  PROBLEM_KINDS,
  PROBLEMS,
  type ProblemCode,
  type ProblemKind,
} from '@orders/contracts';
import { problemDetails, problemOf } from './problem.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

describe('every problem', () => {
  it.each(CODES)('%s becomes its own type, title and status', (code) => {
    const problem = problemOf(new DomainError(code, 'why', { errors: [{ pointer: '/a', detail: 'b' }] }));
    const { kind, title } = PROBLEMS[code];
    expect(problemDetails(problem, { requestId: 'r', traceId: 't' })).toEqual({
      type: `urn:problem:orders:${code}`,
      title,
      status: PROBLEM_KINDS[kind].http,
      detail: 'why',
      errors: [{ pointer: '/a', detail: 'b' }],
      requestId: 'r',
      traceId: 't',
    });
    expect(problem.retryAfterSeconds).toBe(isRetryable(code) ? 1 : undefined);
  });

  it('kind belongs to a code', () => {
    const kinds = new Set<ProblemKind>(CODES.map((code) => PROBLEMS[code].kind));
    expect([...kinds].sort()).toEqual(Object.keys(PROBLEM_KINDS).sort());
  });
});

describe('an error that is not meant for callers', () => {
  it.each([
    new Error('password=1'),
    new TypeError('x is undefined'),
    'text',
    undefined,
    null,
    { statusCode: 200 },
    { status: 503 },
  ])('%s is 500, without its message', (error) => {
    const problem = problemOf(error);
    expect(problem).toMatchObject({ code: 'internal', status: 500, errors: [] });
    expect(JSON.stringify(problemDetails(problem, {}))).not.toMatch(/password|undefined|stack/);
  });

  it.each([
    [400, 'malformed-request'],
    [404, 'not-found'],
    [405, 'method-not-allowed'],
    [408, 'malformed-request'],
    [413, 'payload-too-large'],
    [415, 'unsupported-media-type'],
    [418, 'malformed-request'],
    [431, 'payload-too-large'],
  ])('keeps the status %i of the HTTP stack', (status, code) => {
    expect(problemOf(Object.assign(new Error('inside'), { statusCode: status }))).toMatchObject({
      code,
      status,
    });
    const { detail } = problemOf(Object.assign(new Error('inside'), { status }));
    expect(detail).not.toContain('inside');
  });
});
