import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Batcher, type BatcherOptions, type Refusal } from './batcher.js';
import { Deadline } from './deadline.js';

interface Item {
  readonly name: string;
  readonly deadline: Deadline;
  readonly bytes?: number;
}

/** A batch that was sent and has no answer yet. */
interface Sent {
  readonly names: string[];
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<void>;
}

class Outage extends Error {}
class Refused extends Error {
  constructor(readonly why: Refusal) {
    super(why);
  }
}

const POISON = /^poison/;

/** A batcher whose batches end when the test wants it; a batch with a poisoned item in it fails as a whole. */
function setUp(overrides: Partial<BatcherOptions<Item, string>> = {}) {
  const sent: Sent[] = [];
  const underWay = new Set<Sent>();
  const batcher = new Batcher<Item, string>({
    send: async (items, signal) => {
      const batch = { names: items.map(({ name }) => name), signal, answer: Promise.withResolvers<void>() };
      sent.push(batch);
      underWay.add(batch);
      await batch.answer.promise.finally(() => underWay.delete(batch));
      const bad = batch.names.find((name) => POISON.test(name));
      if (bad) throw new Error(bad);
      return batch.names.map((name) => ({ status: 'fulfilled', value: `answer to ${name}` }));
    },
    isOutage: (error) => error instanceof Outage,
    refuse: (why) => new Refused(why),
    maxItems: 100,
    maxQueued: 100,
    ...overrides,
  });
  const add = (name: string, leftMs = 60_000, signal = new AbortController().signal) =>
    batcher.add({ name, deadline: Deadline.keptBy(signal, leftMs) });
  return { batcher, sent, underWay, add, names: () => sent.map(({ names }) => names.join(' ')) };
}

const oneTurn = () => new Promise((resolve) => setImmediate(resolve));
/** What has happened is noticed in one turn of the event loop and acted upon at the end of the next. */
const turn = () => oneTurn().then(oneTurn);
/** What it settled to, should it have done so by now. */
const outcomeOf = (promise: Promise<string>) => {
  const seen: string[] = [];
  promise.then(
    (value) => seen.push(value),
    (error: Error) => seen.push(error.message),
  );
  return seen;
};

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

describe('Batcher', () => {
  it('sends an item that comes alone at once, without the clock going on', async () => {
    const { sent, add } = setUp();
    const answer = add('a');
    await oneTurn();
    expect(sent).toHaveLength(1);
    sent[0]!.answer.resolve();
    expect(await answer).toBe('answer to a');
  });

  it('sends together what came in one turn, and then what came while that was under way', async () => {
    const { sent, add, names } = setUp({ gatherMs: 60_000 });
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

  it('does not wait for a batch that is stuck, but never has more under way than it may', async () => {
    const { add, names } = setUp({ maxInFlight: 2, gatherMs: 20 });
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

  it('waits a moment for those who were just answered, but not for who comes alone', async () => {
    const { sent, add, names } = setUp({ lingerMs: 5 });
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
    // One was answered: it may be a fourth.
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

  it('cuts batches by count and by bytes; what is larger than a batch goes alone', async () => {
    const { batcher, sent, names } = setUp({ maxItems: 3, maxBytes: 10, sizeOf: ({ bytes = 1 }) => bytes });
    const deadline = Deadline.keptBy(new AbortController().signal, 60_000);
    const sizes = { a: 1, b: 1, c: 1, d: 1, e: 9, f: 1, g: 11, h: 1 };
    for (const [name, bytes] of Object.entries(sizes)) void batcher.add({ name, bytes, deadline });
    for (let n = 0; n < 6; n += 1) {
      await turn();
      sent.at(-1)!.answer.resolve();
      await turn();
    }
    expect(names()).toEqual(['a b c', 'd e', 'f', 'g', 'h']);
  });

  it('refuses at once what it has no room for', async () => {
    const onRefused = jest.fn();
    const { batcher, add } = setUp({ maxQueued: 2, onRefused });
    void add('a');
    void add('b');
    await expect(add('c')).rejects.toEqual(new Refused('full'));
    expect(batcher.queued).toBe(2);
    await turn();
    void add('d');
    expect(batcher.queued).toBe(1);
    expect(onRefused.mock.calls).toEqual([['full']]);
  });

  it('does not send what is too late or whose caller has gone', async () => {
    const { add, sent, names, batcher } = setUp({ minLeftMs: 10, gatherMs: 60_000 });
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

  it('refuses each item at its own deadline while the batch is still under way', async () => {
    const { add, sent } = setUp();
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

  it('gives a batch up only when nobody waits for any of it any more', async () => {
    const { add, sent } = setUp();
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

  it('tries the items of a batch that fails one by one, so that a poisoned one fails alone', async () => {
    const { add, sent, names } = setUp();
    const outcomes = [add('a'), add('poison'), add('b', 50)].map(outcomeOf);
    await turn();
    jest.advanceTimersByTime(50);
    sent[0]!.answer.resolve();
    await turn();
    expect(names()).toEqual(['a poison b', 'a', 'poison']);
    for (const { answer } of sent) answer.resolve();
    await turn();
    expect(outcomes).toEqual([['answer to a'], ['poison'], ['late']]);
  });

  it('asks for nothing again after an outage', async () => {
    const { add, sent } = setUp();
    const outcomes = [add('a'), add('b')].map(outcomeOf);
    await turn();
    sent[0]!.answer.reject(new Outage('down'));
    await turn();
    expect(outcomes).toEqual([['down'], ['down']]);
    expect(sent).toHaveLength(1);
  });

  it('hands each item its own failure, and one to an item that got no answer', async () => {
    const { add } = setUp({
      send: async () => [{ status: 'rejected', reason: new Error('no') }],
    });
    const outcomes = [add('a'), add('b')].map(outcomeOf);
    await turn();
    expect(outcomes).toEqual([['no'], ['the batch did not answer this item']]);
  });

  it("works in nobody's context", async () => {
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { add } = setUp({ onSent: () => seen.push(context.getStore()) });
    context.run('mine', () => void add('a'));
    await turn();
    expect(seen).toEqual([undefined]);
  });

  it('keeps no timer and no listener of what it has answered', async () => {
    const { sent, add } = setUp({ gatherMs: 20 });
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

  it('keeps its bounds and the order, and answers each item once and for itself, whatever happens', async () => {
    const happening = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), leftMs: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant('poison' as const), leftMs: fc.constant(50) }),
      fc.record({ kind: fc.constantFrom('end', 'fail', 'abort', 'pass', 'turn'), nth: fc.nat(9) }),
    );
    const bounds = fc.record({
      maxItems: fc.integer({ min: 1, max: 4 }),
      maxBytes: fc.integer({ min: 1, max: 6 }),
      maxQueued: fc.integer({ min: 1, max: 8 }),
      maxInFlight: fc.integer({ min: 1, max: 3 }),
      gatherMs: fc.integer({ min: 0, max: 20 }),
      lingerMs: fc.integer({ min: 0, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 80, size: 'max' }), bounds, async (run, limits) => {
        const { batcher, sent, underWay, add } = setUp({ ...limits, sizeOf: ({ name }) => sizeOf(name) });
        const outcomes = new Map<string, string[]>();
        const callers: AbortController[] = [];
        const once = new Set<string>();
        let failures = 0;
        const check = () => {
          const first = sent.filter(({ names }) => names.some((name) => !once.has(name)));
          for (const { names } of first) {
            expect(names.length).toBeLessThanOrEqual(limits.maxItems);
            const bytes = names.reduce((sum, name) => sum + sizeOf(name), 0);
            expect(names.length === 1 || bytes <= limits.maxBytes).toBe(true);
            names.forEach((name) => once.add(name));
          }
          expect(batcher.queued).toBeLessThanOrEqual(limits.maxQueued);
          expect(underWay.size - alone(underWay)).toBeLessThanOrEqual(limits.maxInFlight);
        };
        for (const [n, step] of run.entries()) {
          if (step.kind === 'add' || step.kind === 'poison') {
            const caller = new AbortController();
            callers.push(caller);
            const name = `${step.kind} ${n}`;
            outcomes.set(name, outcomeOf(add(name, step.leftMs, caller.signal)));
          } else if (step.kind === 'abort') callers[step.nth]?.abort();
          else if (step.kind === 'pass') jest.advanceTimersByTime(step.nth);
          else if (step.kind === 'end') [...underWay][step.nth]?.answer.resolve();
          else if (step.kind === 'fail' && underWay.size > step.nth) {
            failures += 1;
            [...underWay][step.nth]?.answer.reject(new Outage('down'));
          }
          await turn();
          check();
        }
        for (let n = 0; n < 200 && (underWay.size > 0 || batcher.queued > 0); n += 1) {
          for (const { answer } of underWay) answer.resolve();
          jest.advanceTimersByTime(Math.max(limits.gatherMs, limits.lingerMs));
          await turn();
          check();
        }
        for (const [name, outcome] of outcomes) {
          expect(outcome).toHaveLength(1);
          const own = POISON.test(name) ? name : `answer to ${name}`;
          expect([own, 'late', 'gone', 'full', ...(failures > 0 ? ['down'] : [])]).toContain(outcome[0]);
        }
        const numbers = [...once].map((name) => Number(name.split(' ')[1]));
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      }),
      { numRuns: 150 },
    );
  }, 30_000);
});

const sizeOf = (name: string) => (Number(name.split(' ')[1]) % 4) + 1;

/** Items that may be under way because their batch failed: no batch of more than one is ever among them. */
const alone = (batches: Set<Sent>) => [...batches].filter(({ names }) => names.length === 1).length;
