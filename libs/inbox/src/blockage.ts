import { describeError } from './dead-letters.js';

/** A blocked consumer fails again within its longest pause. Later its events have gone to another replica, in ms. */
const LASTS_MS = 30_000;

/** What keeps a consumer from applying any event. */
export class Blockage {
  private last: { reason: string; at: number } | undefined;

  /** The error that was noted last; undefined when an event took effect after it, or when it is 30 s old. */
  get reason(): string | undefined {
    return this.last && performance.now() - this.last.at < LASTS_MS ? this.last.reason : undefined;
  }

  note(error: unknown): void {
    this.last = { reason: describeError(error), at: performance.now() };
  }

  /** Call it when events were applied. */
  end(): void {
    this.last = undefined;
  }
}
