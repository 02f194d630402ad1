export interface RetryBudgetOptions {
  /** Retries for each first try, in the long run. Default 0.1. */
  ratio?: number;
  /** Retries that may come at once after a quiet time; also what there is at the start. Default 10. */
  burst?: number;
}

/**
 * Keeps retries a small part of all calls, so that they cannot multiply the load of a service that is in trouble
 * (Google SRE, chapter 21; gRPC A6 `retryThrottling`). Over any stretch there are at most `burst` retries and
 * `ratio` for each first try in it.
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

  /** Counts a first try. */
  deposit(): void {
    this.tokens = Math.min(this.burst, this.tokens + this.ratio);
  }

  /** Takes one retry; false = there is none to take. */
  withdraw(): boolean {
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
