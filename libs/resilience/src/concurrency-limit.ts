import { LinkedList } from './linked-list.js';

export interface ConcurrencyLimitOptions {
  /** How many may be inside at once; at least 1. */
  max: number;
  /** How many may wait for one of them to leave, in a burst. 0 = none. */
  maxQueued: number;
  /** How long one may wait, in ms. */
  maxQueueMs: number;
}

/** Hardly anybody is here: less than this part of the places is taken. */
const QUIET_SHARE = 1 / 4;
/** When it has not been quiet for so long, it is no burst, in ms. */
const BURST_MS = 500;
/** What of the queue is left then. */
const STANDING_SHARE = 1 / 4;

/** `full` = too many wait already; `late` = waited too long, or went away meanwhile. */
export type Entry = 'entered' | 'full' | 'late';

/**
 * Lets so many in at once; a few more wait, in order and not for long. What cannot be done soon is refused at once,
 * so that those inside are served in the time they would have had without the others.
 *
 * A queue that takes up a burst, or what came during a pause, is worth its length; one that stays only makes everybody
 * late (Nichols and Jacobson, Controlling Queue Delay, 2012). So it may be long only for a while.
 *
 * Nobody may hold more than what is left for the others, neither of the places nor of places and queue together (dynamic
 * thresholds, Choudhury and Hahne 1998): one who asks without end gets half, two get a third each, and as much is free
 * for those who ask for little.
 */
export class ConcurrencyLimit {
  private readonly inside = new Shares();
  /** Inside or waiting. */
  private readonly held = new Shares();
  private readonly waiting = new LinkedList<Waiting>();
  private quietAt = performance.now();

  constructor(private readonly options: ConcurrencyLimitOptions) {}

  /** How many of `who` are inside or wait. */
  heldBy(who: string): number {
    return this.held.of(who);
  }

  /** Whether the next one of `who` would be refused at once. */
  fullFor(who: string): boolean {
    const free = this.options.max + this.queueLimit - this.held.total;
    return this.held.of(who) >= free;
  }

  /**
   * @param who on whose behalf; shares are counted by it
   * @param signal aborts when whoever waits has gone away
   * @returns whoever is told `entered` must {@link leave}, once
   */
  enter(who: string, signal: AbortSignal): Entry | Promise<Entry> {
    if (this.held.total < this.options.max * QUIET_SHARE) this.quietAt = performance.now();
    if (this.fullFor(who)) return 'full';
    // Who waits does so since it may not enter: nobody is overtaken.
    if (!this.mayEnter(who)) return signal.aborted ? 'late' : this.wait(who, signal);
    this.held.add(who, 1);
    this.inside.add(who, 1);
    return 'entered';
  }

  /** Makes room for who has waited longest of those who may enter. */
  leave(who: string): void {
    this.inside.add(who, -1);
    this.held.add(who, -1);
    for (const waiting of this.waiting.values()) if (this.mayEnter(waiting.who)) waiting.settle('entered');
  }

  private mayEnter(who: string): boolean {
    return this.inside.of(who) < this.options.max - this.inside.total;
  }

  private get queueLimit(): number {
    const { maxQueued } = this.options;
    const isBurst = performance.now() - this.quietAt < BURST_MS;
    return isBurst ? maxQueued : Math.ceil(maxQueued * STANDING_SHARE);
  }

  private wait(who: string, signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve) => {
      const settle = (entry: Entry) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.waiting.remove(link);
        if (entry === 'entered') this.inside.add(who, 1);
        else this.held.add(who, -1);
        resolve(entry);
      };
      const giveUp = () => settle('late');
      const timer = setTimeout(giveUp, this.options.maxQueueMs);
      signal.addEventListener('abort', giveUp, { once: true });
      const link = this.waiting.add({ who, settle });
      this.held.add(who, 1);
    });
  }
}

interface Waiting {
  readonly who: string;
  readonly settle: (entry: Entry) => void;
}

/** So many may be remembered who have none: a map whose entries come and go all the time leaves garbage that is kept. */
const MAX_REMEMBERED = 1_000;

/** How many each has, and all together. */
class Shares {
  private readonly shares = new Map<string, number>();
  total = 0;

  of(who: string): number {
    return this.shares.get(who) ?? 0;
  }

  add(who: string, more: 1 | -1): void {
    const share = this.of(who) + more;
    this.shares.set(who, share);
    this.total += more;
    if (share === 0 && this.shares.size > MAX_REMEMBERED) this.forgetIdle();
  }

  /** All at once, so that it is seldom. */
  private forgetIdle(): void {
    for (const [who, share] of this.shares) if (share === 0) this.shares.delete(who);
  }
}
