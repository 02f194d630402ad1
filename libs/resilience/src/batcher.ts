import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlineWatch, type WatchLink } from './deadline-watch.js';
import type { Deadline } from './deadline.js';
import { type Link, LinkedList } from './linked-list.js';

/**
 * Why an item is refused. `full`: too many wait already. `late`: its deadline passed before it was answered, or less
 * than `minLeftMs` was left to send it. `gone`: its caller went away before it was answered.
 */
export type RefusalReason = 'full' | 'late' | 'gone';

export interface BatcherOptions<Item, Result> {
  /**
   * Processes a batch. Resolves with one result for each item, in the order of `items`. When it rejects, every item of
   * the batch is sent again in a batch of its own, unless `isOutage` says that this is pointless.
   *
   * @param signal aborts when every item of the batch was refused meanwhile
   */
  send: (items: readonly Item[], signal: AbortSignal) => Promise<readonly PromiseSettledResult<Result>[]>;
  /** Would every item of the batch fail the same way when sent alone? */
  isOutage: (error: unknown) => boolean;
  /** Makes the error that a refused item is rejected with. */
  refuse: (reason: RefusalReason) => Error;
  /** Most items in a batch. */
  maxItems: number;
  /** Most bytes in a batch, by {@link sizeOf}; an item larger than this is sent alone. Default: no limit. */
  maxBytes?: number;
  /** Size of an item in bytes. Default: 0 for every item. */
  sizeOf?: (item: Item) => number;
  /** Most items that wait to be sent; more are refused as `full`. */
  maxQueued: number;
  /** Most items of a batch that rejected that are sent again at a time. Default: all. */
  maxAlone?: number;
  /** Most batches in flight at a time. Default 1. */
  maxInFlight?: number;
  /**
   * How long items gather after the last batch was sent before another may follow while batches are in flight, in ms:
   * a batch that hangs does not hold up the others. Matters only with `maxInFlight` above 1. Default 20.
   */
  gatherMs?: number;
  /**
   * How long the next batch waits for the callers of the one just answered to ask again, in ms. It goes earlier once
   * there are as many items as were queued at that moment plus those answered. So callers under load share one batch
   * instead of two that alternate. A single caller does not wait: its own item is all that is expected. Default 0.
   */
  lingerMs?: number;
  /** An item with less time left than this is refused as `late` instead of sent, in ms. Default 0. */
  minLeftMs?: number;
  /** Called for each batch that is sent, with the number of its items. */
  onSent?: (items: number) => void;
  /** Called for each item that is refused. */
  onRefused?: (reason: RefusalReason) => void;
}

/**
 * Group commit: processes in one batch what many callers ask for one by one. Items that come while a batch is in flight
 * form the next one, so batches grow with the load. When none is in flight, an item is sent at once, together with all
 * that came in the same turn of the event loop. Items are sent in the order in which they came.
 *
 * Each item keeps its own deadline: it is answered or refused by then, even when its batch is still in flight. It is not
 * sent once its deadline passed or its caller went away. An item is settled exactly once, and never fails because of
 * another item.
 */
export class Batcher<Item extends { readonly deadline: Deadline }, Result> {
  private readonly queue = new LinkedList<Entry<Item, Result>>();
  private readonly watch = new DeadlineWatch<Entry<Item, Result>>((entry) => this.giveUp(entry));
  private readonly maxInFlight: number;
  private readonly gatherMs: number;
  private readonly lingerMs: number;
  /** A batch belongs to no single caller: it runs in the async context in which the batcher was made. */
  private readonly runDetached = AsyncLocalStorage.snapshot();
  private inFlight = 0;
  private isScheduled = false;
  private gatherTimer: NodeJS.Timeout | undefined;
  /** While it lingers, the next batch is sent once so many items are queued; else 0. */
  private lingersFor = 0;
  private lingerTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: BatcherOptions<Item, Result>) {
    this.maxInFlight = options.maxInFlight ?? 1;
    this.gatherMs = options.gatherMs ?? 20;
    this.lingerMs = options.lingerMs ?? 0;
  }

  /** Items that wait to be sent. */
  get queued(): number {
    return this.queue.size;
  }

  /**
   * Queues an item.
   *
   * @returns the item's own result
   * @throws the item's own failure; what `send` threw, when it was an outage or thrown for this item alone; or the
   *   error of `refuse`
   */
  add(item: Item): Promise<Result> {
    if (this.queue.size >= this.options.maxQueued) return Promise.reject(this.refusal('full'));
    const { deadline } = item;
    if (deadline.signal.aborted) return Promise.reject(this.refusal(reasonOf(deadline)));
    return new Promise((resolve, reject) => {
      const entry: Entry<Item, Result> = { item, deadline, resolve, reject };
      entry.queued = this.queue.add(entry);
      entry.watched = this.watch.add(entry);
      this.schedule();
    });
  }

  private schedule(): void {
    const canSend = this.inFlight === 0 || (this.inFlight < this.maxInFlight && !this.gatherTimer);
    if (this.isScheduled || this.queue.size === 0 || !canSend || this.queue.size < this.lingersFor) return;
    this.isScheduled = true;
    setImmediate(() => this.runDetached(() => this.sendNext()));
  }

  private sendNext(): void {
    this.isScheduled = false;
    this.linger(0);
    const entries = this.nextBatch();
    if (entries.length === 0) return;
    this.inFlight += 1;
    clearTimeout(this.gatherTimer);
    this.gatherTimer = setTimeout(() => {
      this.gatherTimer = undefined;
      this.schedule();
    }, this.gatherMs).unref();
    void this.deliver(entries).then(() => {
      this.inFlight -= 1;
      this.linger(this.queue.size + entries.length);
      this.schedule();
    });
  }

  /** Holds the next batch back until so many items are queued, for `lingerMs` at most; 0 = not at all. */
  private linger(items: number): void {
    clearTimeout(this.lingerTimer);
    this.lingersFor = this.lingerMs > 0 ? Math.min(items, this.options.maxItems) : 0;
    if (this.lingersFor === 0) return;
    this.lingerTimer = setTimeout(() => {
      this.lingersFor = 0;
      this.schedule();
    }, this.lingerMs).unref();
  }

  /** Takes the next batch out of the queue. Refuses items whose time is up. */
  private nextBatch(): Entry<Item, Result>[] {
    const { maxItems, maxBytes = Infinity, sizeOf = () => 0, minLeftMs = 0 } = this.options;
    const entries: Entry<Item, Result>[] = [];
    let bytes = 0;
    for (let link = this.queue.first; link; link = this.queue.first) {
      const entry = link.value;
      if (entry.deadline.over || entry.deadline.remainingMs < minLeftMs) {
        this.giveUp(entry);
        continue;
      }
      bytes += sizeOf(entry.item);
      if (entries.length === maxItems || (entries.length > 0 && bytes > maxBytes)) break;
      this.queue.remove(link);
      entries.push(entry);
    }
    return entries;
  }

  /** Sends a batch. Resolves when each of its items is settled. */
  private async deliver(entries: readonly Entry<Item, Result>[]): Promise<void> {
    const batch = { waiting: entries.length, abandoned: new AbortController() };
    for (const entry of entries) entry.batch = batch;
    this.options.onSent?.(entries.length);
    try {
      const items = entries.map(({ item }) => item);
      const results = await this.options.send(items, batch.abandoned.signal);
      entries.forEach((entry, index) => this.settle(entry, results[index] ?? MISSING));
    } catch (reason) {
      const waiting = entries.filter(({ watched }) => watched?.list);
      if (entries.length === 1 || this.options.isOutage(reason)) {
        for (const entry of waiting) this.settle(entry, { status: 'rejected', reason });
      } else {
        await this.deliverAlone(waiting);
      }
    }
  }

  /** Sends each item in a batch of its own, `maxAlone` at a time. */
  private async deliverAlone(entries: readonly Entry<Item, Result>[]): Promise<void> {
    const left = entries.values();
    const lane = async () => {
      for (const entry of left) if (entry.watched?.list) await this.deliver([entry]);
    };
    const { maxAlone = entries.length } = this.options;
    await Promise.all(Array.from({ length: Math.min(maxAlone, entries.length) }, lane));
  }

  /** Refuses an item whose time is up or whose caller went away. */
  private giveUp(entry: Entry<Item, Result>): void {
    if (!this.remove(entry)) return;
    entry.reject(this.refusal(reasonOf(entry.deadline)));
    const { batch } = entry;
    if (!batch) return;
    batch.waiting -= 1;
    if (batch.waiting === 0) batch.abandoned.abort();
  }

  private settle(entry: Entry<Item, Result>, result: PromiseSettledResult<Result>): void {
    if (!this.remove(entry)) return;
    if (result.status === 'fulfilled') entry.resolve(result.value);
    else entry.reject(result.reason);
  }

  /**
   * Takes an item out of queue and watch.
   *
   * @returns false when it was settled before
   */
  private remove({ queued, watched }: Entry<Item, Result>): boolean {
    if (queued) this.queue.remove(queued);
    return watched !== undefined && this.watch.delete(watched);
  }

  private refusal(reason: RefusalReason): Error {
    this.options.onRefused?.(reason);
    return this.options.refuse(reason);
  }
}

interface Entry<Item, Result> {
  readonly item: Item;
  readonly deadline: Deadline;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  queued?: Link<Entry<Item, Result>>;
  watched?: WatchLink<Entry<Item, Result>>;
  /** The batch that it was last sent in: how many of its items are unsettled, and what aborts when none is. */
  batch?: { waiting: number; readonly abandoned: AbortController };
}

function reasonOf({ signal, expired }: Deadline): RefusalReason {
  return signal.aborted && !expired ? 'gone' : 'late';
}

const MISSING = { status: 'rejected', reason: new Error('the batch did not answer this item') } as const;
