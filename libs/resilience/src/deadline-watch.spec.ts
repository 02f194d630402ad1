import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.js';
import { DeadlineWatch } from './deadline-watch.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A watch of named deadlines, and the names of those that were over, in the order in which it told so. */
function setUp() {
  const watch = new DeadlineWatch();
  const over: string[] = [];
  const add = (name: string, ms: number, signal = new AbortController().signal) => {
    const told = () => {
      over.push(name);
      watch.delete(told);
    };
    watch.add(Deadline.keptBy(signal, ms), told);
    return told;
  };
  return { watch, over, add };
}

describe('DeadlineWatch', () => {
  it('tells of each deadline when it passes, in whatever order they were given, with one timer', () => {
    const { over, add } = setUp();
    add('late', 300);
    add('soon', 100);
    add('between', 200);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(99);
    expect(over).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(over).toEqual(['soon']);
    jest.advanceTimersByTime(200);
    expect(over).toEqual(['soon', 'between', 'late']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('tells all who came with a caller when it goes away, and nobody else', () => {
    const { over, add } = setUp();
    const caller = new AbortController();
    add('a', 1_000, caller.signal);
    add('b', 1_000);
    add('c', 1_000, caller.signal);
    caller.abort();
    expect(over).toEqual(['a', 'c']);
    add('too late', 1_000, caller.signal);
    expect(over).toEqual(['a', 'c', 'too late']);
  });

  it('tells nothing of what was taken back', () => {
    const { watch, over, add } = setUp();
    const caller = new AbortController();
    for (const name of ['a', 'b']) watch.delete(add(name, 100, caller.signal));
    add('c', 100, caller.signal);
    caller.abort();
    jest.advanceTimersByTime(1_000);
    expect(over).toEqual(['c']);
  });

  it('looks each minute at a deadline that is longer than any timer', () => {
    const { over, add } = setUp();
    add('far', 2 ** 40);
    jest.advanceTimersByTime(10 * 60_000);
    expect(over).toEqual([]);
    expect(jest.getTimerCount()).toBe(1);
  });
});
