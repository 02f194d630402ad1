export interface RetryBudgetOptions {
  /** Retries for each first attempt, in the long run. Default 0.1. */
  ratio?: number;
  /** Most retries that can be saved up; also the number at the start. Default 10. */
  burst?: number;
}

/**
 * Keeps retries a small part of all calls, so that they do not multiply the load of a failing service (Google SRE,
 * chapter 21; gRPC A6 `retryThrottling`). In any period there are at most `burst` retries, plus `ratio` for each first
 * attempt in it.
 */
export class RetryBudget {
  private readonly ratio: number;
  private readonly burst: number;
  private tokens: number;

  constructor({ ratio = 0.1, burst = 10 }: RetryBudgetOptions = {}) {
    this.ratio = ratio;
    this.burst = burst;
    this.tokens = burst;
  }

  /** Counts a first attempt. */
  deposit(): void {
    this.tokens = Math.min(this.burst, this.tokens + this.ratio);
  }

  /** Takes one retry; false when none is left. */
  withdraw(): boolean {
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
