import type { Deadline } from './deadline.js';
import type { RetryBudget } from './retry-budget.js';
import { sleep } from './sleep.js';

export interface RetryOptions {
  /** Of the call as a whole; there is no retry once it is over or nearly so. */
  deadline: Deadline;
  /** Shared by all calls to one service. */
  budget: RetryBudget;
  /** Is this a failure after which the same call may succeed at once? */
  retryable: (error: unknown) => boolean;
  /** Uniform in [0, 1). Default `Math.random`. */
  random?: () => number;
}

/** Pause before a retry: uniform between 0 and this, in ms. */
const MAX_PAUSE_MS = 100;
/** What must be left after the pause for a retry to be worth its while, in ms. */
const MIN_LEFT_MS = 100;

/**
 * Calls, and calls once more after a short random pause when it failed in a way that passes by itself, the budget
 * allows it, somebody still waits for the answer, and 100 ms are left after the pause. To be used in one layer only:
 * retries of layers multiply.
 *
 * @throws what the last call threw
 */
export async function retryOnce<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { deadline, budget, retryable, random = Math.random } = options;
  budget.deposit();
  try {
    return await call();
  } catch (error) {
    const pauseMs = random() * MAX_PAUSE_MS;
    const inTime = !deadline.over && deadline.remainingMs - pauseMs >= MIN_LEFT_MS;
    if (!inTime || !retryable(error) || !budget.withdraw()) throw error;
    await sleep(pauseMs, deadline.signal);
    if (deadline.over) throw error;
    return call();
  }
}
