import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ConcurrencyLimit, type Entry } from './concurrency-limit.js';

const WHO = ['a', 'b', 'c'];
const staying = new AbortController().signal;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('ConcurrencyLimit', () => {
  it('lets in as many as there are places, lets a few wait in order, and refuses the rest', async () => {
    const limit = new ConcurrencyLimit({ max: 2, maxQueued: 2, maxQueueMs: 100 });
    expect([limit.enter('a', staying), limit.enter('b', staying)]).toEqual(['entered', 'entered']);
    const order: string[] = [];
    const third = Promise.resolve(limit.enter('c', staying)).then((entry) => order.push(`third ${entry}`));
    const fourth = Promise.resolve(limit.enter('d', staying)).then((entry) => order.push(`fourth ${entry}`));
    expect(limit.fullFor('e')).toBe(true);
    expect(limit.enter('e', staying)).toBe('full');
    limit.leave('a');
    expect(limit.fullFor('e')).toBe(false);
    limit.leave('b');
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third entered', 'fourth entered']);
  });

  it('lets nobody wait longer than the limit, nor for somebody who went away', async () => {
    const limit = new ConcurrencyLimit({ max: 1, maxQueued: 2, maxQueueMs: 100 });
    void limit.enter('a', staying);
    const client = new AbortController();
    const gone = limit.enter('b', client.signal);
    const slow = limit.enter('c', staying);
    client.abort();
    expect(await gone).toBe('late');
    jest.advanceTimersByTime(99);
    const next = limit.enter('d', staying);
    jest.advanceTimersByTime(1);
    expect(await slow).toBe('late');
    limit.leave('a');
    expect(await next).toBe('entered');
    expect(jest.getTimerCount()).toBe(0);
    limit.leave('d');
    expect(limit.enter('a', AbortSignal.abort())).toBe('entered');
    expect(limit.enter('b', AbortSignal.abort())).toBe('late');
  });

  it('takes up a burst, but keeps the queue short where it has long not been quiet', () => {
    const limit = new ConcurrencyLimit({ max: 4, maxQueued: 8, maxQueueMs: 2_000 });
    let callers = 0;
    const inTurn: string[] = [];
    const comeUntilFull = () => {
      let came = 0;
      for (;;) {
        const caller = `caller ${(callers += 1)}`;
        if (limit.enter(caller, staying) === 'full') return came;
        inTurn.push(caller);
        came += 1;
      }
    };
    const leave = (count: number) => {
      for (const caller of inTurn.splice(0, count)) limit.leave(caller);
    };
    expect(comeUntilFull()).toBe(4 + 8);
    jest.advanceTimersByTime(400);
    leave(8);
    expect(comeUntilFull()).toBe(8);
    jest.advanceTimersByTime(100);
    leave(8);
    expect(comeUntilFull()).toBe(2);
    leave(6);
    expect(comeUntilFull()).toBe(4 + 8);
  });

  it.each([
    { greedy: ['a'], each: 6 },
    { greedy: ['a', 'b'], each: 4 },
    { greedy: ['a', 'b', 'c', 'd', 'e'], each: 2 },
  ])('leaves as much to the others as it gives each of $greedy, who ask without end', ({ greedy, each }) => {
    const limit = new ConcurrencyLimit({ max: 8, maxQueued: 4, maxQueueMs: 100 });
    for (let round = 0; round < 20; round += 1) for (const who of greedy) void limit.enter(who, staying);
    expect(greedy.map((who) => limit.heldBy(who))).toEqual(greedy.map(() => each));
    expect(greedy.map((who) => limit.fullFor(who))).toEqual(greedy.map(() => true));
    expect(limit.fullFor('quiet')).toBe(false);
  });

  it('gives a place that becomes free to who has few, past those who have their share', async () => {
    const limit = new ConcurrencyLimit({ max: 4, maxQueued: 8, maxQueueMs: 100 });
    const entered: string[] = [];
    const come = (who: string) =>
      void Promise.resolve(limit.enter(who, staying)).then((entry) => entered.push(`${who} ${entry}`));
    for (let n = 0; n < 4; n += 1) come('greedy');
    for (const who of ['a', 'b', 'c']) come(who);
    await Promise.resolve();
    expect(entered).toEqual(['greedy entered', 'greedy entered', 'a entered', 'b entered']);
    limit.leave('a');
    await Promise.resolve();
    expect(entered.at(-1)).toBe('c entered');
  });

  it('keeps its bounds and loses no place, whatever happens', async () => {
    const happening = fc.constantFrom('enter', 'leave', 'abort', 'wait');
    const happenings = fc.array(fc.record({ happening, who: fc.constantFrom(...WHO) }), {
      maxLength: 200,
      size: 'max',
    });
    const bounds = { max: fc.integer({ min: 1, max: 4 }), maxQueued: fc.nat(4) };
    await fc.assert(
      fc.asyncProperty(happenings, fc.record(bounds), async (run, { max, maxQueued }) => {
        const limit = new ConcurrencyLimit({ max, maxQueued, maxQueueMs: 10 });
        const inside: string[] = [];
        const waiting = new Map<AbortController, string>();
        const settled = (who: string, entry: Entry) => entry === 'entered' && inside.push(who);
        for (const { happening, who } of run) {
          const client = new AbortController();
          if (happening === 'enter') {
            const entry = limit.enter(who, client.signal);
            if (typeof entry === 'string') settled(who, entry);
            else {
              waiting.set(client, who);
              void entry.then((now) => waiting.delete(client) && settled(who, now));
            }
          }
          const leaves = happening === 'leave' ? inside.shift() : undefined;
          if (leaves !== undefined) limit.leave(leaves);
          if (happening === 'abort') [...waiting.keys()][0]?.abort();
          if (happening === 'wait') jest.advanceTimersByTime(4);
          await Promise.resolve();
          await Promise.resolve();
          expect(inside.length).toBeLessThanOrEqual(max);
          expect(waiting.size).toBeLessThanOrEqual(maxQueued);
          // Nobody waits while there is room for him.
          const share = (of: string) => inside.filter((each) => each === of).length;
          for (const of of waiting.values()) expect(share(of)).toBeGreaterThanOrEqual(max - inside.length);
        }
        jest.advanceTimersByTime(10);
        await Promise.resolve();
        for (const who of inside) limit.leave(who);
        expect(WHO.map((who) => limit.heldBy(who))).toEqual(WHO.map(() => 0));
        const others = Array.from({ length: max }, (_, n) => limit.enter(`other ${n}`, staying));
        expect(others).toEqual(Array(max).fill('entered'));
      }),
      { numRuns: 100 },
    );
  });
});
