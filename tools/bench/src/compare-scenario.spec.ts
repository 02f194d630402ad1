import { describe, expect, it } from '@jest/globals';
import { spreadOf } from './compare-scenario.ts';

describe('a spread', () => {
  it('has the middle of an odd number of values, and the mean of the two in the middle of an even one', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });
});
