import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { ConcurrencyLimit, type Entry } from './concurrency-limit.js';

const staying = new AbortController().signal;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('ConcurrencyLimit', () => {
  it('lets in as many as there are places, lets a few wait in order, and refuses the rest', async () => {
    const limit = new ConcurrencyLimit({ max: 2, maxQueued: 2, maxQueueMs: 100 });
    expect([limit.enter(staying), limit.enter(staying)]).toEqual(['entered', 'entered']);
    const order: string[] = [];
    const third = Promise.resolve(limit.enter(staying)).then((entry) => order.push(`third ${entry}`));
    const fourth = Promise.resolve(limit.enter(staying)).then((entry) => order.push(`fourth ${entry}`));
    expect(limit.full).toBe(true);
    expect(limit.enter(staying)).toBe('full');
    limit.leave();
    expect(limit.full).toBe(false);
    limit.leave();
    await Promise.all([third, fourth]);
    expect(order).toEqual(['third entered', 'fourth entered']);
  });

  it('lets nobody wait longer than the limit, nor for somebody who went away', async () => {
    const limit = new ConcurrencyLimit({ max: 1, maxQueued: 2, maxQueueMs: 100 });
    void limit.enter(staying);
    const client = new AbortController();
    const gone = limit.enter(client.signal);
    const slow = limit.enter(staying);
    client.abort();
    expect(await gone).toBe('late');
    jest.advanceTimersByTime(99);
    const next = limit.enter(staying);
    jest.advanceTimersByTime(1);
    expect(await slow).toBe('late');
    limit.leave();
    expect(await next).toBe('entered');
    expect(jest.getTimerCount()).toBe(0);
    limit.leave();
    expect(limit.enter(AbortSignal.abort())).toBe('entered');
    expect(limit.enter(AbortSignal.abort())).toBe('late');
  });

  it('keeps its bounds and loses no place, whatever happens', async () => {
    const happenings = fc.array(fc.constantFrom('enter', 'leave', 'abort', 'wait'), {
      maxLength: 200,
      size: 'max',
    });
    const bounds = { max: fc.integer({ min: 1, max: 4 }), maxQueued: fc.nat(4) };
    await fc.assert(
      fc.asyncProperty(happenings, fc.record(bounds), async (run, { max, maxQueued }) => {
        const limit = new ConcurrencyLimit({ max, maxQueued, maxQueueMs: 10 });
        let inside = 0;
        const waiting = new Set<AbortController>();
        const settled = (entry: Entry) => (inside += Number(entry === 'entered'));
        for (const happening of run) {
          const client = new AbortController();
          if (happening === 'enter') {
            const entry = limit.enter(client.signal);
            if (typeof entry === 'string') settled(entry);
            else {
              waiting.add(client);
              void entry.then((now) => waiting.delete(client) && settled(now));
            }
          }
          if (happening === 'leave' && inside > 0) {
            inside -= 1;
            limit.leave();
          }
          if (happening === 'abort') [...waiting][0]?.abort();
          if (happening === 'wait') jest.advanceTimersByTime(4);
          await Promise.resolve();
          await Promise.resolve();
          expect(inside).toBeLessThanOrEqual(max);
          expect(waiting.size).toBeLessThanOrEqual(maxQueued);
          // Nobody waits while there is room.
          expect(waiting.size > 0 && inside < max).toBe(false);
        }
        jest.advanceTimersByTime(10);
        await Promise.resolve();
        for (; inside > 0; inside -= 1) limit.leave();
        expect(Array.from({ length: max }, () => limit.enter(staying))).toEqual(Array(max).fill('entered'));
      }),
      { numRuns: 100 },
    );
  });
});
