import type { Deadline } from './deadline.js';
import { type Link, LinkedList } from './linked-list.js';

/** Longest time between two looks at the deadlines, in ms: a timer of Node cannot run longer than 24.8 days. */
const MAX_SLEEP_MS = 60_000;

/** The one listener on a signal, shared by the items that were added with it one after the other. */
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
 * Reports when deadlines pass and when callers go away. As thousands of deadlines are added and removed in a second, it
 * uses one timer for all, and one listener for the items of one call, which share a signal.
 */
export class DeadlineWatch<Item extends { readonly deadline: Deadline }> {
  private readonly watched = new LinkedList<Watched<Item>>();
  private latest: Listening | undefined;
  private timer: NodeJS.Timeout | undefined;
  private wakesAt = Infinity;

  /**
   * @param onOver called when the deadline of an item passes or its signal aborts, unless {@link delete} removed it
   *   before; an item that is removed while others are being reported may still be reported once
   */
  constructor(private readonly onOver: (item: Item) => void) {}

  /** @param item its signal must not have aborted yet */
  add(item: Item): WatchLink<Item> {
    const { signal, remainingMs } = item.deadline;
    if (performance.now() + remainingMs < this.wakesAt) this.sleep(remainingMs);
    const listening = this.latest?.signal === signal ? this.latest : this.listen(signal);
    listening.items += 1;
    return this.watched.add({ item, listening });
  }

  /** @returns false when the item was removed before */
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
      for (const { item } of this.watched.values()) if (item.deadline.signal === signal) this.onOver(item);
    };
    signal.addEventListener('abort', onAbort);
    this.latest = { signal, onAbort, items: 0 };
    return this.latest;
  }

  private sleep(ms: number): void {
    clearTimeout(this.timer);
    const sleepMs = Math.min(Math.ceil(ms), MAX_SLEEP_MS);
    this.wakesAt = performance.now() + sleepMs;
    this.timer = setTimeout(() => this.checkAll(), sleepMs).unref();
  }

  private checkAll(): void {
    this.wakesAt = Infinity;
    let nextMs = Infinity;
    for (const { item } of this.watched.values()) {
      if (item.deadline.expired) this.onOver(item);
      else nextMs = Math.min(nextMs, item.deadline.remainingMs);
    }
    if (nextMs < Infinity) this.sleep(nextMs);
  }
}
