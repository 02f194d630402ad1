import type { Deadline } from './deadline.js';
import type { RetryBudget } from './retry-budget.js';
import { sleep } from './sleep.js';

export interface RetryOptions {
  /** Deadline of the call with its retry; there is no retry when less than 100 ms would be left. */
  deadline: Deadline;
  /** Shared by all calls to one service. */
  budget: RetryBudget;
  /** May the same call succeed right after this failure? */
  retryable: (error: unknown) => boolean;
  /** Uniform in [0, 1). Default `Math.random`. */
  random?: () => number;
}

/** Upper bound of the pause before the retry, which is uniform from 0, in ms. */
const MAX_PAUSE_MS = 100;
/** Least time that must be left after the pause, in ms. */
const MIN_LEFT_MS = 100;

/**
 * Makes a call and, when it fails, once more after a random pause of up to 100 ms. The second call is made only when the
 * failure is `retryable`, the budget allows it, the caller still waits, and 100 ms are left after the pause. Use it in one
 * layer only: retries of several layers multiply.
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
