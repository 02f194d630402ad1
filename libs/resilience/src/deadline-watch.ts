import type { Deadline } from './deadline.js';

/** Looks at least this often, in ms: longer than any timer of Node would be is a mistake anyway. */
const MAX_SLEEP_MS = 60_000;

/** What is to be called when a signal aborts, and the one listener that does so. */
interface Listening {
  readonly overs: Set<() => void>;
  readonly onAbort: () => void;
}

/**
 * Tells when deadlines pass and when callers go away, with one timer for all and one listener for each signal:
 * deadlines come and go by the thousand a second, and what comes in one call has one signal.
 */
export class DeadlineWatch {
  /** By what is to be called. */
  private readonly watched = new Map<() => void, Deadline>();
  private readonly listening = new Map<AbortSignal, Listening>();
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;

  /** @param over called when the deadline is over; also at once, should it be so already. Until {@link delete}. */
  add(deadline: Deadline, over: () => void): void {
    this.watched.set(over, deadline);
    const { signal, remainingMs } = deadline;
    if (signal.aborted) over();
    else this.listen(signal).overs.add(over);
    if (performance.now() + remainingMs < this.wakesAt) this.sleep(remainingMs);
  }

  has(over: () => void): boolean {
    return this.watched.has(over);
  }

  delete(over: () => void): void {
    const signal = this.watched.get(over)?.signal;
    this.watched.delete(over);
    if (signal) this.unlisten(signal, over);
  }

  private listen(signal: AbortSignal): Listening {
    const known = this.listening.get(signal);
    if (known) return known;
    const overs = new Set<() => void>();
    const listening = { overs, onAbort: () => overs.forEach((over) => over()) };
    signal.addEventListener('abort', listening.onAbort);
    this.listening.set(signal, listening);
    return listening;
  }

  private unlisten(signal: AbortSignal, over: () => void): void {
    const listening = this.listening.get(signal);
    if (!listening?.overs.delete(over) || listening.overs.size > 0) return;
    signal.removeEventListener('abort', listening.onAbort);
    this.listening.delete(signal);
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
