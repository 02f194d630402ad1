import type { Deadline } from './deadline.js';

/** Looks at least this often, in ms: longer than any timer of Node would be is a mistake anyway. */
const MAX_SLEEP_MS = 60_000;

/**
 * Tells when deadlines pass and when callers go away, with one timer for all: deadlines that come and go by the
 * thousand a second have no timer each.
 */
export class DeadlineWatch {
  /** By what is to be called. */
  private readonly watched = new Map<() => void, Deadline>();
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;

  /** @param over called when the deadline is over; also at once, should it be so already. Until {@link delete}. */
  add(deadline: Deadline, over: () => void): void {
    this.watched.set(over, deadline);
    const { signal, remainingMs } = deadline;
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
    if (performance.now() + remainingMs < this.wakesAt) this.sleep(remainingMs);
  }

  has(over: () => void): boolean {
    return this.watched.has(over);
  }

  delete(over: () => void): void {
    this.watched.get(over)?.signal.removeEventListener('abort', over);
    this.watched.delete(over);
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    const sleepMs = Math.min(Math.ceil(ms), MAX_SLEEP_MS);
    this.wakesAt = performance.now() + sleepMs;
    this.timer = setTimeout(() => this.look(), sleepMs).unref();
  }

  private look(): void {
    this.wakesAt = Infinity;
    let nextMs = Infinity;
    for (const [over, deadline] of this.watched) {
      if (deadline.expired) over();
      else nextMs = Math.min(nextMs, deadline.remainingMs);
    }
    if (nextMs < Infinity) this.sleep(nextMs);
  }
}
