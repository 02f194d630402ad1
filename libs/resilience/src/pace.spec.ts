import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';

describe('Pace', () => {
  it('lets the first unit go at once, and the others at the rate', () => {
    const pace = new Pace(100, () => 0);
    expect([pace.reserve(1), pace.reserve(10), pace.reserve(1)]).toEqual([0, 10, 110]);
  });

  it('allows no burst after a pause', () => {
    let now = 0;
    const pace = new Pace(100, () => now);
    pace.reserve(1);
    now = 60_000;
    expect([pace.reserve(1), pace.reserve(1)]).toEqual([0, 10]);
  });

  it('has no limit at Infinity, and throws when the rate is not above 0', () => {
    const pace = new Pace(Infinity, () => 0);
    expect([pace.reserve(1e6), pace.reserve(1)]).toEqual([0, 0]);
    for (const rate of [0, -1, NaN]) expect(() => new Pace(rate)).toThrow(RangeError);
  });
});
