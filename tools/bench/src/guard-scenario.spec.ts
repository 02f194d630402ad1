import { describe, expect, it } from '@jest/globals';
import { limitOf } from './guard-scenario.ts';

describe('the guard', () => {
  const baseline = { ratio: 0.6, consumer: 0.1, cpuUs: 200, tolerance: 1.5 };

  it('allows the cost of one more consumer for each consumer after the first', () => {
    expect(limitOf(baseline, 1)).toBeCloseTo(0.9);
    expect(limitOf(baseline, 3)).toBeCloseTo(1.2);
  });
});
