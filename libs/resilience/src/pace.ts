import { sleep } from './sleep.js';

/** Spreads work evenly over time: at most `perSecond` units a second. Time without work earns no later burst. */
export class Pace {
  private freeAt = 0;

  /**
   * @param perSecond above 0; Infinity = no limit
   * @param now a monotonic clock in ms; default `performance.now`
   * @throws {RangeError} when `perSecond` is not above 0
   */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    if (!(perSecond > 0)) throw new RangeError(`perSecond must be above 0, not ${perSecond}`);
  }

  /** Resolves when `units` may be done, or when `signal` aborts; never rejects. The first units need not wait. */
  async take(units: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.reserve(units);
    if (waitMs > 0) await sleep(waitMs, signal);
  }

  /** Reserves `units` and returns how long to wait before they may be done, in ms. */
  reserve(units: number): number {
    const now = this.now();
    const waitMs = Math.max(0, this.freeAt - now);
    this.freeAt = now + waitMs + (units / this.perSecond) * 1_000;
    return waitMs;
  }
}
