import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlineWatch, type WatchLink } from './deadline-watch.js';
import type { Deadline } from './deadline.js';
import { type Link, LinkedList } from './linked-list.js';

/** `full` = too many wait already; `late` = its deadline passed, `gone` = its caller went away, before it had an answer. */
export type Refusal = 'full' | 'late' | 'gone';

export interface BatcherOptions<Item, Result> {
  /**
   * Does the work of a batch and answers each item on its own, in the order given. When it throws, the items of a
   * batch are sent again one by one, unless it was an outage.
   *
   * @param signal aborts when nobody waits for any of the answers any more
   */
  send: (items: readonly Item[], signal: AbortSignal) => Promise<readonly PromiseSettledResult<Result>[]>;
  /** Would an item alone fail the same way? */
  isOutage: (error: unknown) => boolean;
  /** What an item is rejected with that was not sent, or not answered in time. */
  refuse: (why: Refusal) => Error;
  /** Items in a batch. */
  maxItems: number;
  /** Bytes of a batch by {@link sizeOf}; an item that is larger goes alone. Default: no bound. */
  maxBytes?: number;
  /** Default: 0. */
  sizeOf?: (item: Item) => number;
  /** Items that wait to be sent. */
  maxQueued: number;
  /** Batches under way at a time. Default 1. */
  maxInFlight?: number;
  /**
   * How long items gather behind the last batch that was sent when it is not back by then and another may be under
   * way, in ms: a batch that is stuck does not hold up the others. Default 20.
   */
  gatherMs?: number;
  /**
   * How long the next batch waits for whoever has just been answered to ask again, in ms: until all that waited then
   * and as many as were answered are there. Under load callers then march in step and share one batch, instead of
   * two that alternate. Who comes alone meets nobody to wait for. Default 0.
   */
  lingerMs?: number;
  /** An item that has less than this left is not worth sending, in ms. Default 0. */
  minLeftMs?: number;
  /** Told of each batch that is sent: how many items it has. */
  onSent?: (items: number) => void;
  onRefused?: (why: Refusal) => void;
}

/**
 * Does in one go what many ask for one by one. What is asked for while a batch is under way gathers and goes as the
 * next batch; so batches grow with the load, and an item that comes alone is sent at once, with all else that came in
 * the same turn of the event loop. Items are sent in the order of their coming.
 *
 * Each item keeps its own deadline: it is answered or refused by then, whatever becomes of its batch, and is not sent
 * when that is over or its caller has gone. An item is answered once and fails for no fault of another.
 */
export class Batcher<Item extends { readonly deadline: Deadline }, Result> {
  private readonly queue = new LinkedList<Entry<Item, Result>>();
  private readonly watch = new DeadlineWatch<Entry<Item, Result>>((entry) => this.giveUp(entry));
  private readonly maxInFlight: number;
  private readonly gatherMs: number;
  private readonly lingerMs: number;
  /** A batch is the work of no single caller: it runs in the context in which the batcher was made. */
  private readonly detached = AsyncLocalStorage.snapshot();
  private inFlight = 0;
  private isScheduled = false;
  private gathering: NodeJS.Timeout | undefined;
  /** Items that the next batch waits for, while it does. */
  private expected = 0;
  private lingering: NodeJS.Timeout | undefined;

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
   * @returns the item's own answer
   * @throws the item's own failure, that of its batch when that was an outage, or what `refuse` makes
   */
  add(item: Item): Promise<Result> {
    if (this.queue.size >= this.options.maxQueued) return Promise.reject(this.refusal('full'));
    const { deadline } = item;
    if (deadline.signal.aborted) return Promise.reject(this.refusal(whyOver(deadline)));
    return new Promise((resolve, reject) => {
      const entry: Entry<Item, Result> = { item, deadline, resolve, reject };
      entry.queued = this.queue.add(entry);
      entry.watched = this.watch.add(entry);
      this.schedule();
    });
  }

  private schedule(): void {
    const mayGo = this.inFlight === 0 || (this.inFlight < this.maxInFlight && !this.gathering);
    if (this.isScheduled || this.queue.size === 0 || !mayGo || this.queue.size < this.expected) return;
    this.isScheduled = true;
    setImmediate(() => this.detached(() => this.sendNext()));
  }

  private sendNext(): void {
    this.isScheduled = false;
    this.expect(0);
    const entries = this.take();
    if (entries.length === 0) return;
    this.inFlight += 1;
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => {
      this.gathering = undefined;
      this.schedule();
    }, this.gatherMs).unref();
    void this.deliver(entries).then(() => {
      this.inFlight -= 1;
      this.expect(this.queue.size + entries.length);
      this.schedule();
    });
  }

  /** Lets the next batch wait for so many items, for `lingerMs` at most. */
  private expect(items: number): void {
    clearTimeout(this.lingering);
    this.expected = this.lingerMs > 0 ? Math.min(items, this.options.maxItems) : 0;
    if (this.expected === 0) return;
    this.lingering = setTimeout(() => {
      this.expected = 0;
      this.schedule();
    }, this.lingerMs).unref();
  }

  /** The next batch; whoever is too late by now is refused. */
  private take(): Entry<Item, Result>[] {
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

  /** Resolves when each of them has its answer. */
  private async deliver(entries: readonly Entry<Item, Result>[]): Promise<void> {
    const flight = { waiting: entries.length, nobodyWaits: new AbortController() };
    for (const entry of entries) entry.flight = flight;
    this.options.onSent?.(entries.length);
    try {
      const items = entries.map(({ item }) => item);
      const results = await this.options.send(items, flight.nobodyWaits.signal);
      entries.forEach((entry, index) => this.settle(entry, results[index] ?? MISSING));
    } catch (reason) {
      const waiting = entries.filter(({ watched }) => watched?.list);
      if (entries.length === 1 || this.options.isOutage(reason)) {
        for (const entry of waiting) this.settle(entry, { status: 'rejected', reason });
      } else {
        await Promise.all(waiting.map((entry) => this.deliver([entry])));
      }
    }
  }

  private giveUp(entry: Entry<Item, Result>): void {
    if (!this.takeOut(entry)) return;
    entry.reject(this.refusal(whyOver(entry.deadline)));
    const { flight } = entry;
    if (!flight) return;
    flight.waiting -= 1;
    if (flight.waiting === 0) flight.nobodyWaits.abort();
  }

  private settle(entry: Entry<Item, Result>, result: PromiseSettledResult<Result>): void {
    if (!this.takeOut(entry)) return;
    if (result.status === 'fulfilled') entry.resolve(result.value);
    else entry.reject(result.reason);
  }

  /** @returns false when it had its answer before */
  private takeOut({ queued, watched }: Entry<Item, Result>): boolean {
    if (queued) this.queue.remove(queued);
    return watched !== undefined && this.watch.delete(watched);
  }

  private refusal(why: Refusal): Error {
    this.options.onRefused?.(why);
    return this.options.refuse(why);
  }
}

interface Entry<Item, Result> {
  readonly item: Item;
  readonly deadline: Deadline;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
  queued?: Link<Entry<Item, Result>>;
  watched?: WatchLink<Entry<Item, Result>>;
  /** The batch that it was last sent with. */
  flight?: { waiting: number; readonly nobodyWaits: AbortController };
}

function whyOver({ signal, expired }: Deadline): Refusal {
  return signal.aborted && !expired ? 'gone' : 'late';
}

const MISSING = { status: 'rejected', reason: new Error('the batch did not answer this item') } as const;
