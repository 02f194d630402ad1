import { describe, expect, it, jest } from '@jest/globals';
import { controlledBatcher, outcomeOf, turn, useControlledClock } from './testing/controlled-batcher.js';

useControlledClock();

describe('The deadlines of a batch', () => {
  it('keep an item from being sent that is too late or whose caller has gone', async () => {
    const { add, sent, names, batcher } = controlledBatcher({ minLeftMs: 10, gatherMs: 60_000 });
    void add('first');
    await turn();
    const caller = new AbortController();
    const outcomes = [add('gone', 60_000, caller.signal), add('late', 100), add('nearly', 109)].map(
      outcomeOf,
    );
    void add('in time');
    caller.abort();
    await turn();
    expect(outcomes).toEqual([['gone'], [], []]);
    expect(batcher.queued).toBe(3);
    jest.advanceTimersByTime(100);
    await turn();
    expect(outcomes).toEqual([['gone'], ['late'], []]);
    sent[0]!.answer.resolve();
    await turn();
    expect(outcomes).toEqual([['gone'], ['late'], ['late']]);
    expect(names()).toEqual(['first', 'in time']);
  });

  it('refuse each item at its own deadline while the batch is still in flight', async () => {
    const { add, sent } = controlledBatcher();
    const outcomes = [add('a', 100), add('b', 50), add('c', 200)].map(outcomeOf);
    await turn();
    for (const [ms, expected] of [
      [49, [[], [], []]],
      [1, [[], ['late'], []]],
      [50, [['late'], ['late'], []]],
    ] as const) {
      jest.advanceTimersByTime(ms);
      await turn();
      expect(outcomes).toEqual(expected);
    }
    sent[0]!.answer.resolve();
    await turn();
    expect(outcomes).toEqual([['late'], ['late'], ['answer to c']]);
  });

  it('abort a batch only when all its callers have gone', async () => {
    const { add, sent } = controlledBatcher();
    const [one, other] = [new AbortController(), new AbortController()];
    const outcomes = [add('a', 60_000, one.signal), add('b', 60_000, other.signal)].map(outcomeOf);
    await turn();
    one.abort();
    expect(sent[0]!.signal.aborted).toBe(false);
    other.abort();
    expect(sent[0]!.signal.aborted).toBe(true);
    await turn();
    expect(outcomes).toEqual([['gone'], ['gone']]);
  });

  it('leave no timer and no listener of answered items', async () => {
    const { sent, add } = controlledBatcher({ gatherMs: 20 });
    const { signal } = new AbortController();
    const listeners = [jest.spyOn(signal, 'addEventListener'), jest.spyOn(signal, 'removeEventListener')];
    for (let n = 0; n < 100; n += 1) void add(`${n}`, 1_000, signal);
    expect(jest.getTimerCount()).toBe(1);
    await turn();
    sent[0]!.answer.resolve();
    await turn();
    jest.advanceTimersByTime(1_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(listeners.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });
});
