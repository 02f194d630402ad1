import { status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import {
  DomainError,
  isProblemCode,
  isRetryable,
  PROBLEM_KINDS,
  type ProblemCode,
  problemOfGrpcStatus,
  PROBLEMS,
} from './problems.js';

const codes = Object.keys(PROBLEMS) as ProblemCode[];

describe('problems', () => {
  it.each(codes)('%s has a title, an HTTP error status and a gRPC error status', (code) => {
    const { kind, title } = PROBLEMS[code];
    expect(title).toMatch(/^[A-Z].+[^.]$/);
    expect(PROBLEM_KINDS[kind].http).toBeGreaterThanOrEqual(400);
    expect(PROBLEM_KINDS[kind].grpc).not.toBe(status.OK);
  });

  it('have retryAfterSeconds when a retry may succeed, and only then', () => {
    const retryable = codes.filter(isRetryable);
    expect(retryable.sort()).toEqual([
      'deadline-exceeded',
      'idempotency-key-in-use',
      'overloaded',
      'rate-limited',
      'unavailable',
    ]);
    expect(new DomainError('unavailable', 'x').retryAfterSeconds).toBe(1);
    expect(new DomainError('unavailable', 'x', { retryAfterSeconds: 7 }).retryAfterSeconds).toBe(7);
    expect(new DomainError('validation-failed', 'x').retryAfterSeconds).toBeUndefined();
  });

  it.each([
    [status.UNAVAILABLE, 'unavailable'],
    [status.CANCELLED, 'unavailable'],
    [status.PERMISSION_DENIED, 'unavailable'],
    [status.UNAUTHENTICATED, 'unavailable'],
    [status.RESOURCE_EXHAUSTED, 'overloaded'],
    [status.DEADLINE_EXCEEDED, 'deadline-exceeded'],
    [status.UNKNOWN, 'internal'],
    [status.INTERNAL, 'internal'],
  ] as const)('for the bare gRPC status %s: %s', (grpc, code) => {
    expect(problemOfGrpcStatus(grpc)).toBe(code);
  });

  it('have codes that isProblemCode tells from other texts', () => {
    expect([isProblemCode('unavailable'), isProblemCode('toString'), isProblemCode(5)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
