export interface BackoffOptions {
  /** Upper bound of the first delay, in ms. Default 100. */
  baseMs?: number;
  /** Upper bound of every delay, in ms. Default 10 000. */
  maxMs?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  random?: () => number;
}

/**
 * Capped exponential backoff with full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture
 * Blog 2015): the delay after failure n, counted from 0, is uniform between 0 and min(max, base * 2^n). The number of
 * failures has no limit: when to give up is the caller's decision.
 */
export class Backoff {
  private attempt = 0;
  private readonly baseMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;

  constructor(options: BackoffOptions = {}) {
    this.baseMs = options.baseMs ?? 100;
    this.maxMs = options.maxMs ?? 10_000;
    this.random = options.random ?? Math.random;
  }

  /** Failures since the last {@link reset}. */
  get failures(): number {
    return this.attempt;
  }

  /** Counts one failure and returns the delay before the next attempt, in whole ms, at least 1. */
  next(): number {
    // 2^30 ms are 12 days: above any cap, and still exact as a double.
    const bound = Math.min(this.maxMs, this.baseMs * 2 ** Math.min(this.attempt, 30));
    this.attempt += 1;
    return Math.max(1, Math.ceil(bound * this.random()));
  }

  /** Call it after a success: the delay after the next failure is that of a first one. */
  reset(): void {
    this.attempt = 0;
  }
}
