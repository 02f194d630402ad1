import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RateLimit, type RateLimitOptions } from './rate-limit.js';

function setUp(options: Partial<RateLimitOptions> = {}) {
  const clock = { ms: 0 };
  return { clock, limit: new RateLimit({ perSecond: 10, burst: 2, now: () => clock.ms, ...options }) };
}

describe('RateLimit', () => {
  it('allows a burst, then as many as tokens are added', () => {
    const { clock, limit } = setUp();
    expect(limit.take('a')).toEqual({ allowed: true, remaining: 1, waitMs: 0 });
    expect(limit.take('a')).toEqual({ allowed: true, remaining: 0, waitMs: 100 });
    expect(limit.take('a')).toEqual({ allowed: false, remaining: 0, waitMs: 100 });
    clock.ms = 60;
    expect(limit.take('a')).toMatchObject({ allowed: false, waitMs: expect.closeTo(40) });
    clock.ms = 101;
    expect(limit.take('a').allowed).toBe(true);
    clock.ms = 60_000;
    expect(limit.take('a')).toMatchObject({ allowed: true, remaining: 1 });
  });

  it('peeks without taking a token', () => {
    const { clock, limit } = setUp({ burst: 1 });
    expect(limit.peek('a')).toEqual({ allowed: true, remaining: 1, waitMs: 0 });
    limit.take('a');
    expect(limit.peek('a')).toEqual({ allowed: false, remaining: 0, waitMs: 100 });
    clock.ms = 100;
    expect(limit.peek('a').allowed).toBe(true);
    expect(limit.take('a').allowed).toBe(true);
  });

  it('counts each key by itself', () => {
    const { limit } = setUp({ burst: 1 });
    limit.take('a');
    expect([limit.take('a').allowed, limit.take('b').allowed]).toEqual([false, true]);
  });

  it('forgets the least recently used key when there are too many', () => {
    const { limit } = setUp({ burst: 1, maxKeys: 2 });
    ['a', 'b', 'a', 'c'].forEach((key) => limit.take(key));
    expect(limit.take('a').allowed).toBe(false);
    expect(limit.take('b').allowed).toBe(true);
  });

  it('never allows more than the burst and the tokens added since', () => {
    const pauses = fc.array(fc.nat(300), { maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 5 }), (run, burst) => {
        const { clock, limit } = setUp({ burst });
        let allowed = 0;
        for (const pause of run) {
          clock.ms += pause;
          allowed += Number(limit.take('a').allowed);
          expect(allowed).toBeLessThanOrEqual(burst + (clock.ms / 1_000) * 10 + 1e-6);
        }
      }),
    );
  });
});
