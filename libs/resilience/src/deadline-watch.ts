import type { Deadline } from './deadline.js';
import { type Link, LinkedList } from './linked-list.js';

/** Looks at least this often, in ms: longer than any timer of Node would be is a mistake anyway. */
const MAX_SLEEP_MS = 60_000;

/** The one listener to a signal, for all items that came with it one after the other. */
interface Listening {
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
  items: number;
}

interface Watched<Item> {
  readonly item: Item;
  readonly listening: Listening;
}

export type WatchLink<Item> = Link<Watched<Item>>;

/**
 * Tells when deadlines pass and when callers go away, with one timer for all and one listener for what comes in one
 * call and so has one signal: deadlines come and go by the thousand a second.
 */
export class DeadlineWatch<Item extends { readonly deadline: Deadline }> {
  private readonly watched = new LinkedList<Watched<Item>>();
  private latest: Listening | undefined;
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;

  /**
   * @param over called when the deadline of an item is over, until it is taken back by {@link delete}; what is taken
   *   back while others are told may be told once more
   */
  constructor(private readonly over: (item: Item) => void) {}

  /** @param item whose signal has not aborted yet */
  add(item: Item): WatchLink<Item> {
    const { signal, remainingMs } = item.deadline;
    if (performance.now() + remainingMs < this.wakesAt) this.sleep(remainingMs);
    const listening = this.latest?.signal === signal ? this.latest : this.listen(signal);
    listening.items += 1;
    return this.watched.add({ item, listening });
  }

  /** @returns false when it had been taken back before */
  delete(link: WatchLink<Item>): boolean {
    if (!this.watched.remove(link)) return false;
    const { listening } = link.value;
    listening.items -= 1;
    if (listening.items > 0) return true;
    listening.signal.removeEventListener('abort', listening.onAbort);
    if (this.latest === listening) this.latest = undefined;
    return true;
  }

  private listen(signal: AbortSignal): Listening {
    const onAbort = () => {
      for (const { item } of this.watched.values()) if (item.deadline.signal === signal) this.over(item);
    };
    signal.addEventListener('abort', onAbort);
    this.latest = { signal, onAbort, items: 0 };
    return this.latest;
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
    for (const { item } of this.watched.values()) {
      if (item.deadline.expired) this.over(item);
      else nextMs = Math.min(nextMs, item.deadline.remainingMs);
    }
    if (nextMs < Infinity) this.sleep(nextMs);
  }
}
