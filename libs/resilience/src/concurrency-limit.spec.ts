import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ConcurrencyLimit, type Entry } from './concurrency-limit.js';

const CLIENTS = ['a', 'b', 'c'];
const staying = new AbortController().signal;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('ConcurrencyLimit', () => {
  it('lets `max` requests in, lets `maxQueued` wait in order, and refuses the rest', async () => {
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

  it('lets no request wait longer than the limit, nor after its client went away', async () => {
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

  it('queues a whole burst, but keeps the queue short when the load stays', () => {
    const limit = new ConcurrencyLimit({ max: 4, maxQueued: 8, maxQueueMs: 2_000 });
    let clients = 0;
    const held: string[] = [];
    const enterUntilFull = () => {
      let accepted = 0;
      for (;;) {
        const client = `client ${(clients += 1)}`;
        if (limit.enter(client, staying) === 'full') return accepted;
        held.push(client);
        accepted += 1;
      }
    };
    const leave = (count: number) => {
      for (const client of held.splice(0, count)) limit.leave(client);
    };
    expect(enterUntilFull()).toBe(4 + 8);
    jest.advanceTimersByTime(400);
    leave(8);
    expect(enterUntilFull()).toBe(8);
    jest.advanceTimersByTime(100);
    leave(8);
    expect(enterUntilFull()).toBe(2);
    leave(6);
    expect(enterUntilFull()).toBe(4 + 8);
  });

  it.each([
    { greedy: ['a'], inside: 90, queued: 45 },
    { greedy: ['a', 'b'], inside: 46, queued: 23 },
    { greedy: ['a', 'b', 'c'], inside: 31, queued: 15 },
  ])(
    'gives $greedy, who ask without end, $inside places and $queued in the queue',
    ({ greedy, inside, queued }) => {
      const limit = new ConcurrencyLimit({ max: 96, maxQueued: 48, maxQueueMs: 100 });
      for (let round = 0; round < 200; round += 1)
        for (const client of greedy) void limit.enter(client, staying);
      for (const client of greedy) {
        expect(limit.heldBy(client)).toBeGreaterThanOrEqual(inside + queued);
        expect(limit.fullFor(client)).toBe(true);
      }
      expect(limit.enter('quiet', staying)).toBe('entered');
    },
  );

  it('refuses nobody who is alone while places are free: 128 connections of one client fit', () => {
    const limit = new ConcurrencyLimit({ max: 96, maxQueued: 48, maxQueueMs: 100 });
    const entries = Array.from({ length: 128 }, () => limit.enter('alone', staying));
    expect(entries).not.toContain('full');
  });

  it('lets a client that comes later take its share as places become free', async () => {
    const limit = new ConcurrencyLimit({ max: 96, maxQueued: 192, maxQueueMs: 1_000 });
    for (let n = 0; n < 90; n += 1) void limit.enter('greedy', staying);
    jest.advanceTimersByTime(500); // no burst any more
    for (let n = 0; n < 400; n += 1) void limit.enter('greedy', staying);
    const later = Array.from({ length: 40 }, () => limit.enter('later', staying));
    expect(later).not.toContain('full');
    let entered = later.filter((entry) => entry === 'entered').length;
    expect(entered).toBe(6);
    for (const entry of later) if (entry instanceof Promise) void entry.then(() => (entered += 1));
    for (let n = 0; n < 42; n += 1) limit.leave('greedy');
    await Promise.resolve();
    expect(entered).toBe(40);
  });

  it('gives a place that becomes free to the client with the fewest, though others wait longer', async () => {
    const limit = new ConcurrencyLimit({ max: 4, maxQueued: 8, maxQueueMs: 100 });
    const entered: string[] = [];
    const enter = (client: string) =>
      void Promise.resolve(limit.enter(client, staying)).then((entry) => entered.push(`${client} ${entry}`));
    for (const client of ['many', 'many', 'many', 'one', 'many', 'one', 'none']) enter(client);
    await Promise.resolve();
    expect(entered).toEqual([...Array<string>(3).fill('many entered'), 'one entered']);
    for (let n = 0; n < 3; n += 1) limit.leave('many');
    await Promise.resolve();
    expect(entered.slice(4)).toEqual(['none entered', 'many entered', 'one entered']);
  });

  it('stays within its limits and loses no place, in any sequence of events', async () => {
    const event = fc.constantFrom('enter', 'leave', 'abort', 'wait');
    const events = fc.array(fc.record({ event, name: fc.constantFrom(...CLIENTS) }), {
      maxLength: 200,
      size: 'max',
    });
    const bounds = { max: fc.integer({ min: 1, max: 4 }), maxQueued: fc.nat(4) };
    await fc.assert(
      fc.asyncProperty(events, fc.record(bounds), async (run, { max, maxQueued }) => {
        const limit = new ConcurrencyLimit({ max, maxQueued, maxQueueMs: 10 });
        const inside: string[] = [];
        const waiting = new Map<AbortController, string>();
        const settled = (name: string, entry: Entry) => entry === 'entered' && inside.push(name);
        for (const { event, name } of run) {
          const client = new AbortController();
          if (event === 'enter') {
            const entry = limit.enter(name, client.signal);
            if (typeof entry === 'string') settled(name, entry);
            else {
              waiting.set(client, name);
              void entry.then((later) => waiting.delete(client) && settled(name, later));
            }
          }
          const leaves = event === 'leave' ? inside.shift() : undefined;
          if (leaves !== undefined) limit.leave(leaves);
          if (event === 'abort') [...waiting.keys()][0]?.abort();
          if (event === 'wait') jest.advanceTimersByTime(4);
          await Promise.resolve();
          await Promise.resolve();
          expect(inside.length).toBeLessThanOrEqual(max);
          expect(waiting.size).toBeLessThanOrEqual(maxQueued);
          // No client waits while it may enter.
          const share = (of: string) => inside.filter((each) => each === of).length;
          for (const of of waiting.values())
            expect(share(of)).toBeGreaterThanOrEqual(15 * (max - inside.length));
        }
        jest.advanceTimersByTime(10);
        await Promise.resolve();
        for (const name of inside) limit.leave(name);
        expect(CLIENTS.map((name) => limit.heldBy(name))).toEqual(CLIENTS.map(() => 0));
        const others = Array.from({ length: max }, (_, n) => limit.enter(`other ${n}`, staying));
        expect(others).toEqual(Array(max).fill('entered'));
      }),
      { numRuns: 100 },
    );
  });
});
