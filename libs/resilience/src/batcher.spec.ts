import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.js';
import {
  controlledBatcher,
  oneTurn,
  Refused,
  turn,
  useControlledClock,
} from './testing/controlled-batcher.js';

useControlledClock();

describe('Batcher', () => {
  it('sends a single item at once, without waiting for a timer', async () => {
    const { sent, add } = controlledBatcher();
    const answer = add('a');
    await oneTurn();
    expect(sent).toHaveLength(1);
    sent[0]!.answer.resolve();
    expect(await answer).toBe('answer to a');
  });

  it('sends the items of one turn together, and then those that came while the first batch was in flight', async () => {
    const { sent, add, names } = controlledBatcher({ gatherMs: 60_000 });
    const answers = [add('a'), add('b')];
    await turn();
    for (const name of ['c', 'd', 'e']) {
      answers.push(add(name));
      await turn();
    }
    expect(names()).toEqual(['a b']);
    sent[0]!.answer.resolve();
    await turn();
    expect(names()).toEqual(['a b', 'c d e']);
    sent[1]!.answer.resolve();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `answer to ${name}`));
  });

  it('does not wait for a batch that hangs, but never has more than maxInFlight in flight', async () => {
    const { add, names } = controlledBatcher({ maxInFlight: 2, gatherMs: 20 });
    void add('a');
    await turn();
    void add('b');
    jest.advanceTimersByTime(19);
    await turn();
    expect(names()).toEqual(['a']);
    jest.advanceTimersByTime(1);
    await turn();
    expect(names()).toEqual(['a', 'b']);
    void add('c');
    jest.advanceTimersByTime(1_000);
    await turn();
    expect(names()).toEqual(['a', 'b']);
  });

  it('lingers for callers that were just answered, but not for a single caller', async () => {
    const { sent, add, names } = controlledBatcher({ lingerMs: 5 });
    void add('alone');
    await turn();
    sent[0]!.answer.resolve();
    await turn();
    void add('again alone');
    await turn();
    expect(names()).toEqual(['alone', 'again alone']);

    for (const name of ['a', 'b', 'c']) void add(name);
    sent[1]!.answer.resolve();
    await turn();
    // One caller was answered: it may add a fourth item.
    expect(names()).toHaveLength(2);
    void add('d');
    await turn();
    expect(names().at(-1)).toBe('a b c d');

    sent[2]!.answer.resolve();
    await turn();
    void add('only one');
    await turn();
    jest.advanceTimersByTime(4);
    await turn();
    expect(names()).toHaveLength(3);
    jest.advanceTimersByTime(1);
    await turn();
    expect(names().at(-1)).toBe('only one');
  });

  it('limits batches by count and by bytes, and sends an item larger than a batch alone', async () => {
    const { batcher, sent, names } = controlledBatcher({
      maxItems: 3,
      maxBytes: 10,
      sizeOf: ({ bytes = 1 }) => bytes,
    });
    const deadline = Deadline.withoutTimer(new AbortController().signal, 60_000);
    const sizes = { a: 1, b: 1, c: 1, d: 1, e: 9, f: 1, g: 11, h: 1 };
    for (const [name, bytes] of Object.entries(sizes)) void batcher.add({ name, bytes, deadline });
    for (let n = 0; n < 6; n += 1) {
      await turn();
      sent.at(-1)!.answer.resolve();
      await turn();
    }
    expect(names()).toEqual(['a b c', 'd e', 'f', 'g', 'h']);
  });

  it('refuses an item at once when the queue is full', async () => {
    const onRefused = jest.fn();
    const { batcher, add } = controlledBatcher({ maxQueued: 2, onRefused });
    void add('a');
    void add('b');
    await expect(add('c')).rejects.toEqual(new Refused('full'));
    expect(batcher.queued).toBe(2);
    await turn();
    void add('d');
    expect(batcher.queued).toBe(1);
    expect(onRefused.mock.calls).toEqual([['full']]);
  });

  it('sends outside of the async context of its callers', async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { add } = controlledBatcher({ onSent: () => seen.push(context.getStore()) });
    context.run('mine', () => void add('a'));
    await turn();
    expect(seen).toEqual([undefined]);
  });
});
