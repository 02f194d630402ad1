import { LinkedList } from './linked-list.js';

export interface ConcurrencyLimitOptions {
  /** Most requests inside at once; at least 1. */
  max: number;
  /** Most requests that wait to enter during a burst; a quarter of it when the load stays. 0 = none. */
  maxQueued: number;
  /** Longest wait to enter, in ms. */
  maxQueueMs: number;
}

/** The load is quiet while less than this share of `max` is inside or waits. */
const QUIET_SHARE = 1 / 4;
/** A burst ends so long after the load was last quiet, in ms. */
const BURST_MS = 500;
/** The share of `maxQueued` that is left after a burst. */
const STANDING_SHARE = 1 / 4;
/** How many times what is still free one client may hold. */
const MOST_TIMES_FREE = 15;

/** `entered`: inside. `full`: refused at once. `late`: waited `maxQueueMs`, or its client went away. */
export type Entry = 'entered' | 'full' | 'late';

/**
 * Limits how many requests are served at once. A few more wait, first come first served, for `maxQueueMs` at most.
 * Others are refused at once, so that those inside take no longer than they would without the load.
 *
 * A long queue is useful while it absorbs a burst or what came during a pause. A queue that stays long only delays every
 * request (Nichols and Jacobson, Controlling Queue Delay, 2012). So it is shortened to a quarter when the load was not
 * quiet for 500 ms.
 *
 * No client may hold more than 15 times what is still free, neither of the places inside nor of the queue (dynamic
 * thresholds, Choudhury and Hahne 1998). A client that asks without end gets 15 of 16 places, two get 15 of 31 each; the
 * rest is there for one that comes later. A place that becomes free goes to the client with the fewest, and a client that
 * holds less than the average may use the queue of a burst. So each has its part after as long as a request takes.
 */
export class ConcurrencyLimit {
  private readonly inside = new Shares();
  private readonly queued = new Shares();
  private readonly waiting = new LinkedList<Waiting>();
  private quietAt = performance.now();

  constructor(private readonly options: ConcurrencyLimitOptions) {}

  /** How many requests of `client` are inside or wait. */
  heldBy(client: string): number {
    return this.inside.of(client) + this.queued.of(client);
  }

  /** Would the next request of `client` be refused at once? */
  fullFor(client: string): boolean {
    if (this.mayEnter(client)) return false;
    const max = this.holdsLess(client) ? this.options.maxQueued : this.queueLimit;
    return !this.queued.leavesRoom(client, max);
  }

  /**
   * @param client the key by which shares are counted
   * @param signal aborts when the client stops waiting
   * @returns after `entered`, {@link leave} must be called exactly once
   */
  enter(client: string, signal: AbortSignal): Entry | Promise<Entry> {
    if (this.inside.total + this.queued.total < this.options.max * QUIET_SHARE)
      this.quietAt = performance.now();
    if (this.fullFor(client)) return 'full';
    // This overtakes nobody: those that wait may not enter now.
    if (!this.mayEnter(client)) return signal.aborted ? 'late' : this.wait(client, signal);
    this.inside.add(client, 1);
    return 'entered';
  }

  /** Frees a place. It goes to the client with the fewest places, whose longest waiting request enters. */
  leave(client: string): void {
    this.inside.add(client, -1);
    for (let next = this.next(); next; next = this.next()) next.settle('entered');
  }

  private next(): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.waiting.values()) {
      const hasFewer = !next || this.inside.of(waiting.client) < this.inside.of(next.client);
      if (hasFewer && this.mayEnter(waiting.client)) next = waiting;
    }
    return next;
  }

  private mayEnter(client: string): boolean {
    return this.inside.leavesRoom(client, this.options.max);
  }

  private holdsLess(client: string): boolean {
    // Counts those twice that are inside and wait: then less is needed to be above the average.
    const holders = this.inside.clients + this.queued.clients;
    return (this.heldBy(client) + 1) * holders < this.inside.total + this.queued.total;
  }

  private get queueLimit(): number {
    const { maxQueued } = this.options;
    const isBurst = performance.now() - this.quietAt < BURST_MS;
    return isBurst ? maxQueued : Math.ceil(maxQueued * STANDING_SHARE);
  }

  private wait(client: string, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve) => {
      const settle = (entry: Entry) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.waiting.remove(link);
        this.queued.add(client, -1);
        if (entry === 'entered') this.inside.add(client, 1);
        resolve(entry);
      };
      const giveUp = () => settle('late');
      const timer = setTimeout(giveUp, this.options.maxQueueMs);
      signal.addEventListener('abort', giveUp, { once: true });
      const link = this.waiting.add({ client, settle });
      this.queued.add(client, 1);
    });
  }
}

interface Waiting {
  readonly client: string;
  readonly settle: (entry: Entry) => void;
}

/**
 * Clients with a share of 0 stay in the map until it has more entries than this. Adding and deleting entries all the
 * time makes garbage that V8 keeps (see {@link LinkedList}).
 */
const MAX_ENTRIES = 1_000;

/** A count for each client, and their sum. */
class Shares {
  private readonly shares = new Map<string, number>();
  total = 0;
  /** How many clients have some. */
  clients = 0;

  of(client: string): number {
    return this.shares.get(client) ?? 0;
  }

  /** May `client` get one more of `max`, and still leave its part to the others? */
  leavesRoom(client: string, max: number): boolean {
    return this.of(client) < MOST_TIMES_FREE * (max - this.total);
  }

  add(client: string, change: 1 | -1): void {
    const share = this.of(client) + change;
    this.shares.set(client, share);
    this.total += change;
    if (share === 0) this.clients -= 1;
    else if (share === change) this.clients += 1;
    if (share === 0 && this.shares.size > MAX_ENTRIES) this.forgetIdle();
  }

  /** Deletes all idle clients at once, so that it happens seldom. */
  private forgetIdle(): void {
    for (const [client, share] of this.shares) if (share === 0) this.shares.delete(client);
  }
}
