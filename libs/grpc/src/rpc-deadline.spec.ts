import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { deadlineOf } from './rpc-deadline.js';

function call(deadline: Date | number, cancelled = false) {
  return Object.assign(new EventEmitter(), { cancelled, getDeadline: () => deadline });
}

describe('the deadline of a call', () => {
  it.each([
    ['a time', (ms: number) => Date.now() + ms],
    ['a date', (ms: number) => new Date(Date.now() + ms)],
  ])('is the time left until %s', (_, at) => {
    const { remainingMs } = deadlineOf(call(at(2_000)));
    expect(remainingMs).toBeGreaterThan(1_900);
    expect(remainingMs).toBeLessThanOrEqual(2_001);
    expect(deadlineOf(call(at(-1))).over).toBe(true);
  });

  it('is 5 s when the call has none', () => {
    expect(deadlineOf(call(Infinity)).remainingMs).toBeGreaterThan(4_900);
    expect(deadlineOf(call(Infinity)).remainingMs).toBeLessThanOrEqual(5_000);
  });

  it.each([Infinity, Date.now() + 60_000])('of %d is over when the caller cancels or has cancelled', (at) => {
    const cancelled = call(at);
    const deadline = deadlineOf(cancelled);
    expect(deadline.over).toBe(false);
    cancelled.emit('cancelled');
    expect(deadline.over).toBe(true);
    expect(deadlineOf(call(at, true)).over).toBe(true);
  });
});
