import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RetryBudget } from './retry-budget.js';

describe('RetryBudget', () => {
  it('allows a burst, then one retry for ten first tries', () => {
    const budget = new RetryBudget({ ratio: 0.1, burst: 2 });
    expect([1, 2, 3].map(() => budget.withdraw())).toEqual([true, true, false]);
    for (let tries = 0; tries < 9; tries += 1) budget.deposit();
    expect(budget.withdraw()).toBe(false);
    for (let tries = 0; tries < 2; tries += 1) budget.deposit();
    expect([1, 2].map(() => budget.withdraw())).toEqual([true, false]);
  });

  it('never gives more than the burst and its ratio of the first tries, over any stretch', () => {
    const steps = fc.array(fc.constantFrom('try', 'retry'), { maxLength: 400 });
    fc.assert(
      fc.property(steps, fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), (run, burst, ratio) => {
        const budget = new RetryBudget({ burst, ratio });
        // The most that any stretch ending here has overdrawn its own first tries.
        let overdrawn = 0;
        for (const step of run) {
          if (step === 'try') budget.deposit();
          const change = step === 'try' ? -ratio : Number(budget.withdraw());
          overdrawn = Math.max(0, overdrawn + change);
          expect(overdrawn).toBeLessThanOrEqual(burst + 1e-9);
        }
      }),
    );
  });
});
