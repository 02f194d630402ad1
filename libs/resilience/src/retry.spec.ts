import { describe, expect, it, jest } from '@jest/globals';
import { Deadline } from './deadline.js';
import { RetryBudget } from './retry-budget.js';
import { retryOnce, type RetryOptions } from './retry.js';

const transient = new Error('transient');
const deadlineIn = (ms: number, signal = new AbortController().signal) => Deadline.withoutTimer(signal, ms);

function options(overrides: Partial<RetryOptions> = {}): RetryOptions {
  return {
    deadline: deadlineIn(5_000),
    budget: new RetryBudget(),
    retryable: (error) => error === transient,
    random: () => 0,
    ...overrides,
  };
}

/** A call that fails so many times with `error`, then answers. */
function failing(times: number, error = transient) {
  let calls = 0;
  return jest.fn(async () => {
    calls += 1;
    if (calls <= times) throw error;
    return 'answer';
  });
}

describe('retryOnce', () => {
  it('repeats a failed call once', async () => {
    const call = failing(1);
    expect(await retryOnce(call, options())).toBe('answer');
    expect(call).toHaveBeenCalledTimes(2);
    const twice = failing(2);
    await expect(retryOnce(twice, options())).rejects.toBe(transient);
    expect(twice).toHaveBeenCalledTimes(2);
  });

  const gone = deadlineIn(5_000, AbortSignal.abort());
  const spent = new RetryBudget({ burst: 0 });
  it.each<[string, Partial<RetryOptions>]>([
    ['after a failure that is not retryable', { retryable: () => false }],
    ['with less than 100 ms left after the pause', { deadline: deadlineIn(150), random: () => 0.9 }],
    ['when the caller has gone away', { deadline: gone }],
    ['when the budget is spent', { budget: spent }],
  ])('does not call again %s', async (_, overrides) => {
    const call = failing(1);
    await expect(retryOnce(call, options(overrides))).rejects.toBe(transient);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('takes nothing from the budget when it does not repeat', async () => {
    const budget = new RetryBudget({ burst: 1, ratio: 0 });
    await retryOnce(failing(1), options({ budget, deadline: gone })).catch(() => undefined);
    await retryOnce(failing(1), options({ budget, retryable: () => false })).catch(() => undefined);
    expect(budget.withdraw()).toBe(true);
  });

  it('gives up when the caller goes away during the pause', async () => {
    const caller = new AbortController();
    const call = failing(1);
    const result = retryOnce(
      call,
      options({ deadline: deadlineIn(5_000, caller.signal), random: () => 0.99 }),
    );
    setTimeout(() => caller.abort(), 5);
    await expect(result).rejects.toBe(transient);
    expect(call).toHaveBeenCalledTimes(1);
  });
});
