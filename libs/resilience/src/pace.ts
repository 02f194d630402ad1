import { sleep } from './sleep.js';

/** Spreads work evenly over time: at most `perSecond` units a second, without bursts after a pause. */
export class Pace {
  private freeAt = 0;

  /** @param perSecond above 0; Infinity = no limit */
  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    if (!(perSecond > 0)) throw new RangeError(`perSecond must be above 0, not ${perSecond}`);
  }

  /** Waits for the turn of `units`; resolves at once when `signal` aborts. The first ones go at once. */
  async take(units: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.reserve(units);
    if (waitMs > 0) await sleep(waitMs, signal);
  }

  /** Books `units` and returns how long they have to wait, in ms. */
  reserve(units: number): number {
    const now = this.now();
    const waitMs = Math.max(0, this.freeAt - now);
    this.freeAt = now + waitMs + (units / this.perSecond) * 1_000;
    return waitMs;
  }
}
