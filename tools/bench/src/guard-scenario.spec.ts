import { describe, expect, it } from '@jest/globals';
import { limitOf } from './guard-scenario.ts';

describe('the guard', () => {
  const baseline = { ratio: 0.6, consumer: 0.1, cpuUs: 200, tolerance: 1.5 };

  it('lets each consumer beside the first add what a consumer costs', () => {
    expect(limitOf(baseline, 1)).toBeCloseTo(0.9);
    expect(limitOf(baseline, 3)).toBeCloseTo(1.2);
  });
});
