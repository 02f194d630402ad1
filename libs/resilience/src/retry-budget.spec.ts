import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('allows a burst, then one retry for ten first attempts', () => {
    const budget = new RetryBudget({ ratio: 0.1, burst: 2 });
    expect([1, 2, 3].map(() => budget.withdraw())).toEqual([true, true, false]);
    for (let attempts = 0; attempts < 9; attempts += 1) budget.deposit();
    expect(budget.withdraw()).toBe(false);
    for (let attempts = 0; attempts < 2; attempts += 1) budget.deposit();
    expect([1, 2].map(() => budget.withdraw())).toEqual([true, false]);
  });

  it('never allows more than the burst plus the ratio of first attempts, in any period', () => {
    const steps = fc.array(fc.constantFrom('first', 'retry'), { maxLength: 400 });
    fc.assert(
      fc.property(steps, fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), (run, burst, ratio) => {
        const budget = new RetryBudget({ burst, ratio });
        // Of all periods that end here, the most retries beyond the ratio of their own first attempts.
        let overdrawn = 0;
        for (const step of run) {
          if (step === 'first') budget.deposit();
          const change = step === 'first' ? -ratio : Number(budget.withdraw());
          overdrawn = Math.max(0, overdrawn + change);
          expect(overdrawn).toBeLessThanOrEqual(burst + 1e-9);
        }
      }),
    );
  });
});
