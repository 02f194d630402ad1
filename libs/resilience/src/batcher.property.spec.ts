import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  controlledBatcher,
  Outage,
  outcomeOf,
  POISON,
  type SentBatch,
  turn,
  useControlledClock,
} from './testing/controlled-batcher.js';

useControlledClock();

const STEP = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), leftMs: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ kind: fc.constant('poison' as const), leftMs: fc.constant(50) }),
  fc.record({
    kind: fc.constantFrom('end', 'fail', 'abort', 'pass', 'turn'),
    /** Which batch or caller, or how many ms. */
    nth: fc.nat(9),
  }),
);
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never;

const LIMITS = fc.record({
  maxItems: fc.integer({ min: 1, max: 4 }),
  maxBytes: fc.integer({ min: 1, max: 6 }),
  maxQueued: fc.integer({ min: 1, max: 8 }),
  maxInFlight: fc.integer({ min: 1, max: 3 }),
  gatherMs: fc.integer({ min: 0, max: 20 }),
  lingerMs: fc.integer({ min: 0, max: 5 }),
});
type Limits = typeof LIMITS extends fc.Arbitrary<infer L> ? L : never;

/** The number of the step that added the item. */
const numberOf = (name: string) => Number(name.split(' ')[1]);
const sizeOf = (name: string) => (numberOf(name) % 4) + 1;

/** Batches of one item. They may be beyond `maxInFlight`: the items of a failed batch are sent again one by one. */
const singles = (batches: Set<SentBatch>) => [...batches].filter(({ names }) => names.length === 1).length;

/** A batcher that random steps are run on. */
class RandomRun {
  private readonly test;
  private readonly outcomes = new Map<string, string[]>();
  private readonly callers: AbortController[] = [];
  /** Names of items in the order in which they were first sent. */
  private readonly sentOnce = new Set<string>();
  private hasOutage = false;

  constructor(private readonly limits: Limits) {
    this.test = controlledBatcher({ ...limits, sizeOf: ({ name }) => sizeOf(name) });
  }

  async perform(step: Step, number: number): Promise<void> {
    const { inFlight } = this.test;
    if ('leftMs' in step) this.add(`${step.kind} ${number}`, step.leftMs);
    else if (step.kind === 'abort') this.callers[step.nth]?.abort();
    else if (step.kind === 'pass') jest.advanceTimersByTime(step.nth);
    else if (step.kind === 'end') [...inFlight][step.nth]?.answer.resolve();
    else if (step.kind === 'fail' && inFlight.size > step.nth) {
      this.hasOutage = true;
      [...inFlight][step.nth]?.answer.reject(new Outage('down'));
    }
    await turn();
    this.checkLimits();
  }

  /** Answers all batches until no item is left. */
  async finish(): Promise<void> {
    const { batcher, inFlight } = this.test;
    for (let n = 0; n < 200 && (inFlight.size > 0 || batcher.queued > 0); n += 1) {
      for (const { answer } of inFlight) answer.resolve();
      jest.advanceTimersByTime(Math.max(this.limits.gatherMs, this.limits.lingerMs));
      await turn();
      this.checkLimits();
    }
  }

  checkOutcomes(): void {
    for (const [name, outcome] of this.outcomes) {
      expect(outcome).toHaveLength(1);
      const own = POISON.test(name) ? name : `answer to ${name}`;
      expect([own, 'late', 'gone', 'full', ...(this.hasOutage ? ['down'] : [])]).toContain(outcome[0]);
    }
  }

  checkOrder(): void {
    const numbers = [...this.sentOnce].map(numberOf);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }

  private add(name: string, leftMs: number): void {
    const caller = new AbortController();
    this.callers.push(caller);
    this.outcomes.set(name, outcomeOf(this.test.add(name, leftMs, caller.signal)));
  }

  private checkLimits(): void {
    const { batcher, sent, inFlight } = this.test;
    const { maxItems, maxBytes, maxQueued, maxInFlight } = this.limits;
    for (const { names } of sent.filter(({ names }) => names.some((name) => !this.sentOnce.has(name)))) {
      expect(names.length).toBeLessThanOrEqual(maxItems);
      const bytes = names.reduce((sum, name) => sum + sizeOf(name), 0);
      expect(names.length === 1 || bytes <= maxBytes).toBe(true);
      names.forEach((name) => this.sentOnce.add(name));
    }
    expect(batcher.queued).toBeLessThanOrEqual(maxQueued);
    expect(inFlight.size - singles(inFlight)).toBeLessThanOrEqual(maxInFlight);
  }
}

describe('Batcher, in any sequence of events', () => {
  it('stays within its limits, keeps the order, and gives each item one outcome of its own', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { maxLength: 80, size: 'max' }), LIMITS, async (steps, limits) => {
        const run = new RandomRun(limits);
        for (const [number, step] of steps.entries()) await run.perform(step, number);
        await run.finish();
        run.checkOutcomes();
        run.checkOrder();
      }),
      { numRuns: 150 },
    );
  }, 30_000);
});
