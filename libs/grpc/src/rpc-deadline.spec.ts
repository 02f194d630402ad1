import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { deadlineOf } from './rpc-deadline.js';

function call(deadline: Date | number, cancelled = false) {
  return Object.assign(new EventEmitter(), { cancelled, getDeadline: () => deadline });
}

describe('the deadline of a call', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it.each([
    ['a time', (ms: number) => Date.now() + ms],
    ['a date', (ms: number) => new Date(Date.now() + ms)],
  ])('is the time left until %s', (_, at) => {
    expect(deadlineOf(call(at(2_000))).remainingMs).toBe(2_000);
    expect(deadlineOf(call(at(-1))).over).toBe(true);
  });

  it('is 5 s when the call has none', () => {
    expect(deadlineOf(call(Infinity)).remainingMs).toBe(5_000);
  });

  it.each([Infinity, Number.MAX_SAFE_INTEGER])(
    'of %d is over when the caller cancels or has cancelled',
    (at) => {
      const cancelled = call(at);
      const deadline = deadlineOf(cancelled);
      expect(deadline.over).toBe(false);
      cancelled.emit('cancelled');
      expect(deadline.over).toBe(true);
      expect(deadlineOf(call(at, true)).over).toBe(true);
    },
  );
});
