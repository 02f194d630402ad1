import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { DomainError, PROBLEM_KINDS, PROBLEMS, type ProblemCode } from '@orders/contracts';
import { fromProblemMessage, fromServiceError, toProblemMessage, toServiceError } from './service-error.js';

const bare = (code: status): ServiceError =>
  Object.assign(new Error('14 UNAVAILABLE: 10.0.0.7:50051'), {
    code,
    details: 'ECONNREFUSED 10.0.0.7',
    metadata: new Metadata(),
  });

describe('a problem on its way through gRPC', () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])('%s arrives as it was sent', (code) => {
    const errors = [{ pointer: '/items/0/sku', detail: 'é\r\n☃' }];
    const sent = toServiceError(new DomainError(code, 'why', { errors }));
    expect(sent.code).toBe(PROBLEM_KINDS[PROBLEMS[code].kind].grpc);
    const arrived = fromServiceError(sent);
    expect(arrived).toMatchObject({ code, message: 'why', errors, cause: sent });
  });

  it.each(Object.keys(PROBLEMS) as ProblemCode[])('%s arrives from a batch as it was sent', (code) => {
    const error = new DomainError(code, 'why', { errors: [{ pointer: '/items/0/sku', detail: '☃' }] });
    const { message, errors, kind } = fromProblemMessage(toProblemMessage(error));
    expect({ message, errors, kind }).toEqual({ message: 'why', errors: error.errors, kind: error.kind });
  });

  it('of a batch is mapped by its status when its code is unknown, and hides a bug', () => {
    const sent = toProblemMessage(new Error('duplicate key value violates unique constraint'));
    expect(sent).toMatchObject({ code: 'internal', detail: 'Something went wrong on our side', errors: [] });
    const unknown = { ...sent, status: status.UNAVAILABLE, code: 'toString' };
    expect(fromProblemMessage(unknown)).toMatchObject({
      code: 'unavailable',
      cause: { code: status.UNAVAILABLE },
    });
  });

  it.each([
    ['short', '/items/99/quantity', 'a whole number from 1 to 1000', 300],
    ['long', `/${'☃'.repeat(64)}`, 'ü'.repeat(500), 1],
    ['longer than can be sent', '/x', '☃'.repeat(1_000), 3],
  ])('of %s errors takes less than the 8 KB of trailers that clients accept', (_, pointer, detail, count) => {
    const errors = Array.from({ length: count }, () => ({ pointer, detail }));
    const error = new DomainError('validation-failed', '☃'.repeat(1_000), { errors });
    const sent = toServiceError(error);
    const trailers = Object.entries({
      ...sent.metadata.getMap(),
      'grpc-status': '13',
      'grpc-message': encodeURIComponent(sent.details),
      'content-type': 'application/grpc+proto',
    });
    const sizes = trailers.map(([name, value]) => name.length + value.length + 32);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(7_168);
    for (const arrived of [fromServiceError(sent), fromProblemMessage(toProblemMessage(error))]) {
      expect(arrived.errors.length + arrived.errorsOmitted).toBe(count);
      expect(arrived.errors).toEqual(errors.slice(0, arrived.errors.length));
    }
  });

  it('is cut only as far as needed', () => {
    const errors = Array.from({ length: 20 }, (_, n) => ({
      pointer: `/items/${n}/sku`,
      detail: 'is required',
    }));
    const arrived = fromServiceError(toServiceError(new DomainError('validation-failed', 'why', { errors })));
    expect(arrived).toMatchObject({ errors, errorsOmitted: 0 });
  });

  it('counts the errors that an earlier sender has left out', () => {
    const error = new DomainError('validation-failed', 'why', { errorsOmitted: 7 });
    expect(fromServiceError(toServiceError(error)).errorsOmitted).toBe(7);
    expect(fromProblemMessage(toProblemMessage(error)).errorsOmitted).toBe(7);
  });

  it('hides a bug', () => {
    const sent = toServiceError(new Error('duplicate key value violates unique constraint'));
    expect(sent).toMatchObject({ code: status.INTERNAL, details: 'Something went wrong on our side' });
    expect(fromServiceError(sent).code).toBe('internal');
  });
});

describe('a bare status', () => {
  it.each([
    [status.UNAVAILABLE, 'unavailable'],
    [status.CANCELLED, 'unavailable'],
    [status.RESOURCE_EXHAUSTED, 'overloaded'],
    [status.DEADLINE_EXCEEDED, 'deadline-exceeded'],
    [status.UNKNOWN, 'internal'],
    [status.UNIMPLEMENTED, 'internal'],
    [status.UNAUTHENTICATED, 'unavailable'],
    [status.PERMISSION_DENIED, 'unavailable'],
  ])('%i is %s, without the address of the peer', (code, problem) => {
    const error = fromServiceError(bare(code));
    expect(error.code).toBe(problem);
    expect(error.message).not.toContain('10.0.0.7');
  });

  it.each(['%', 'null', '{}', '[{"pointer":1}]', 'not json'])(
    'with the broken trailer %s keeps its code',
    (trailer) => {
      const error = bare(status.INVALID_ARGUMENT);
      error.metadata.set('problem-code', 'validation-failed');
      error.metadata.set('problem-errors', trailer);
      error.metadata.set('problem-errors-omitted', trailer);
      expect(fromServiceError(error)).toMatchObject({
        code: 'validation-failed',
        errors: [],
        errorsOmitted: 0,
      });
    },
  );

  it('with an unknown code is mapped by its status', () => {
    const error = bare(status.UNAVAILABLE);
    error.metadata.set('problem-code', 'toString');
    expect(fromServiceError(error).code).toBe('unavailable');
  });
});
