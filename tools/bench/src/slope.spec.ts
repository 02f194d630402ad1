import { describe, expect, it } from '@jest/globals';
import { slopeOf } from './slope.ts';

describe('the slope', () => {
  it('of a straight line is its own', () => {
    expect(slopeOf([1, 3, 5, 7])).toBeCloseTo(2);
    expect(slopeOf([4, 4, 4])).toBe(0);
  });

  it('of a saw is that of its middle, not of its ends', () => {
    expect(slopeOf([0, 10, 0, 10, 0])).toBeCloseTo(0);
  });
});
