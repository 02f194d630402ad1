import { afterEach, beforeEach, jest } from '@jest/globals';
import { Batcher, type BatcherOptions, type RefusalReason } from '../batcher.js';
import { Deadline } from '../deadline.js';

interface Item {
  readonly name: string;
  readonly deadline: Deadline;
  readonly bytes?: number;
}

/** A batch that was sent. It is in flight until the test settles its `answer`. */
export interface SentBatch {
  readonly names: string[];
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<void>;
}

/** The error of a batch that would fail for each of its items. */
export class Outage extends Error {}

export class Refused extends Error {
  constructor(readonly reason: RefusalReason) {
    super(reason);
  }
}

/** Names of items that make their batch fail. */
export const POISON = /^poison/;

/** A batcher whose batches are in flight until the test settles them. A batch with a poisoned item fails as a whole. */
export function controlledBatcher(overrides: Partial<BatcherOptions<Item, string>> = {}) {
  const sent: SentBatch[] = [];
  const inFlight = new Set<SentBatch>();
  const batcher = new Batcher<Item, string>({
    send: async (items, signal) => {
      const batch = { names: items.map(({ name }) => name), signal, answer: Promise.withResolvers<void>() };
      sent.push(batch);
      inFlight.add(batch);
      await batch.answer.promise.finally(() => inFlight.delete(batch));
      const bad = batch.names.find((name) => POISON.test(name));
      if (bad) throw new Error(bad);
      return batch.names.map((name) => ({ status: 'fulfilled', value: `answer to ${name}` }));
    },
    isOutage: (error) => error instanceof Outage,
    refuse: (reason) => new Refused(reason),
    maxItems: 100,
    maxQueued: 100,
    ...overrides,
  });
  const add = (name: string, leftMs = 60_000, signal = new AbortController().signal) =>
    batcher.add({ name, deadline: Deadline.withoutTimer(signal, leftMs) });
  return { batcher, sent, inFlight, add, names: () => sent.map(({ names }) => names.join(' ')) };
}

export const oneTurn = () => new Promise((resolve) => setImmediate(resolve));

/** Two turns of the event loop: the batcher is notified in the first, and sends at the end of the second. */
export const turn = () => oneTurn().then(oneTurn);

/** Gets the value or the error message of `promise` as its only element, once it has settled. */
export function outcomeOf(promise: Promise<string>): string[] {
  const outcome: string[] = [];
  promise.then(
    (value) => outcome.push(value),
    (error: Error) => outcome.push(error.message),
  );
  return outcome;
}

/** Lets the tests of a file move the clock of timers by themselves. */
export function useControlledClock(): void {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());
}
