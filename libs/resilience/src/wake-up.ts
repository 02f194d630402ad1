/**
 * Lets one loop sleep until it is woken or its time is up. A wake-up that comes while the loop is awake is kept for its
 * next wait, so that none is lost between the look for work and the wait. Several kept ones count as one.
 */
export class WakeUp {
  private kept = false;
  private waiter: (() => void) | undefined;

  /** Wakes the sleeper, or lets the next {@link wait} return at once. */
  wake(): void {
    if (this.waiter) this.waiter();
    else this.kept = true;
  }

  /** Resolves when woken, after `ms`, or when `signal` aborts; never rejects. One waiter at a time. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.kept || signal.aborted) {
      this.kept = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiter = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.waiter = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
