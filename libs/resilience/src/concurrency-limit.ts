export interface ConcurrencyLimitOptions {
  /** How many may be inside at once; at least 1. */
  max: number;
  /** How many may wait for one of them to leave. 0 = none. */
  maxQueued: number;
  /** How long one may wait, in ms. */
  maxQueueMs: number;
}

/** `full` = too many wait already; `late` = waited too long, or went away meanwhile. */
export type Entry = 'entered' | 'full' | 'late';

/**
 * Lets so many in at once; a few more wait, in order and not for long. What cannot be done soon is refused at once,
 * so that those inside are served in the time they would have had without the others.
 */
export class ConcurrencyLimit {
  private inside = 0;
  /** In the order of their coming: a set keeps it, and lets go from the middle. */
  private readonly waiting = new Set<(entry: Entry) => void>();

  constructor(private readonly options: ConcurrencyLimitOptions) {}

  /** Whether the next one would be refused at once. */
  get full(): boolean {
    return this.inside >= this.options.max && this.waiting.size >= this.options.maxQueued;
  }

  /**
   * @param signal aborts when whoever waits has gone away
   * @returns whoever is told `entered` must {@link leave}, once
   */
  enter(signal: AbortSignal): Entry | Promise<Entry> {
    // A place is handed on to who waits: while somebody does, none is free.
    if (this.inside < this.options.max) {
      this.inside += 1;
      return 'entered';
    }
    if (this.waiting.size >= this.options.maxQueued) return 'full';
    return signal.aborted ? 'late' : this.wait(signal);
  }

  /** Makes room for who has waited longest. */
  leave(): void {
    const [next] = this.waiting;
    if (next) next('entered');
    else this.inside -= 1;
  }

  private wait(signal: AbortSignal): Promise<Entry> {
    return new Promise((resolve) => {
      const settle = (entry: Entry) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        this.waiting.delete(settle);
        resolve(entry);
      };
      const giveUp = () => settle('late');
      const timer = setTimeout(giveUp, this.options.maxQueueMs);
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiting.add(settle);
    });
  }
}
