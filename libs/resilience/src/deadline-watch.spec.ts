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

/** A watch of named deadlines, and the names that it reported as over, in that order. */
function setUp() {
  const over: string[] = [];
  const links = new Map<string, WatchLink<Named>>();
  const watch = new DeadlineWatch<Named>(({ name }) => {
    over.push(name);
    remove(name);
  });
  const add = (name: string, ms: number, signal = new AbortController().signal) =>
    void links.set(name, watch.add({ name, deadline: Deadline.withoutTimer(signal, ms) }));
  const remove = (name: string) => watch.delete(links.get(name)!);
  return { over, add, remove };
}

describe('DeadlineWatch', () => {
  it('reports each deadline when it passes, in whatever order they were added, with one timer', () => {
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

  it('reports all items of a caller that goes away, and no others', () => {
    const { over, add } = setUp();
    const caller = new AbortController();
    add('a', 1_000, caller.signal);
    add('b', 1_000);
    add('c', 1_000, caller.signal);
    caller.abort();
    expect(over).toEqual(['a', 'c']);
  });

  it('does not report removed items', () => {
    const { over, add, remove } = setUp();
    const caller = new AbortController();
    for (const name of ['a', 'b']) {
      add(name, 100, caller.signal);
      expect(remove(name)).toBe(true);
      expect(remove(name)).toBe(false);
    }
    add('c', 100, caller.signal);
    caller.abort();
    jest.advanceTimersByTime(1_000);
    expect(over).toEqual(['c']);
  });

  it('adds one listener for the items of one signal, and removes it with the last of them', () => {
    const { add, remove } = setUp();
    const caller = new AbortController();
    const count = () => getEventListeners(caller.signal, 'abort').length;
    for (const name of ['a', 'b']) add(name, 100, caller.signal);
    expect(count()).toBe(1);
    remove('a');
    expect(count()).toBe(1);
    remove('b');
    expect(count()).toBe(0);
    add('c', 100, caller.signal);
    expect(count()).toBe(1);
  });

  it('checks each minute a deadline that is longer than a timer can be', () => {
    const { over, add } = setUp();
    add('far', 2 ** 40);
    jest.advanceTimersByTime(10 * 60_000);
    expect(over).toEqual([]);
    expect(jest.getTimerCount()).toBe(1);
  });
});
