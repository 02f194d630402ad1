import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { DeadlineWatch, type WatchLink } from './deadline-watch.js';
import { Deadline } from './deadline.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

interface Named {
  readonly name: string;
  readonly deadline: Deadline;
}

/** A watch of named deadlines, and the names of those that were over, in the order in which it told so. */
function setUp() {
  const over: string[] = [];
  const links = new Map<string, WatchLink<Named>>();
  const watch = new DeadlineWatch<Named>(({ name }) => {
    over.push(name);
    takeBack(name);
  });
  const add = (name: string, ms: number, signal = new AbortController().signal) =>
    void links.set(name, watch.add({ name, deadline: Deadline.keptBy(signal, ms) }));
  const takeBack = (name: string) => watch.delete(links.get(name)!);
  return { over, add, takeBack };
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
  });

  it('tells nothing of what was taken back', () => {
    const { over, add, takeBack } = setUp();
    const caller = new AbortController();
    for (const name of ['a', 'b']) {
      add(name, 100, caller.signal);
      expect(takeBack(name)).toBe(true);
      expect(takeBack(name)).toBe(false);
    }
    add('c', 100, caller.signal);
    caller.abort();
    jest.advanceTimersByTime(1_000);
    expect(over).toEqual(['c']);
  });

  it('listens once to what comes in one call, and no longer than somebody waits', () => {
    const { add, takeBack } = setUp();
    const caller = new AbortController();
    const count = () => getEventListeners(caller.signal, 'abort').length;
    for (const name of ['a', 'b']) add(name, 100, caller.signal);
    expect(count()).toBe(1);
    takeBack('a');
    expect(count()).toBe(1);
    takeBack('b');
    expect(count()).toBe(0);
    add('c', 100, caller.signal);
    expect(count()).toBe(1);
  });

  it('looks each minute at a deadline that is longer than any timer', () => {
    const { over, add } = setUp();
    add('far', 2 ** 40);
    jest.advanceTimersByTime(10 * 60_000);
    expect(over).toEqual([]);
    expect(jest.getTimerCount()).toBe(1);
  });
});
