import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles the bound up to the cap', () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 1_000, random: () => 0.999_999 });
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('starts again at the base after a reset', () => {
    const backoff = new Backoff({ baseMs: 100, random: () => 0.5 });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.failures).toBe(0);
    expect(backoff.next()).toBe(50);
  });

  it('is never below 1 ms nor above the cap', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999_999, noNaN: true }), fc.nat(2_000), (random, failures) => {
        const backoff = new Backoff({ baseMs: 50, maxMs: 5_000, random: () => random });
        for (let i = 0; i < failures; i += 1) backoff.next();
        const delay = backoff.next();
        expect(delay).toBeGreaterThanOrEqual(1);
        expect(delay).toBeLessThanOrEqual(5_000);
      }),
    );
  });
});
