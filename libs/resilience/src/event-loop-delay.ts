import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The pause between two ticks of the monitor, in ms: part of all that it records. */
const RESOLUTION_MS = 10;
/** How often the delay is read, in ms. */
const WINDOW_MS = 250;

/**
 * How long what is ready to run in this process waits for its turn, as the mean of the last 250 ms: one long pause
 * for the garbage collector does not count for much, a loop that cannot keep up does. Keeps no process alive.
 */
export class EventLoopDelay {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  private meanMs = 0;

  constructor() {
    this.histogram.enable();
    this.timer = setInterval(() => this.read(), WINDOW_MS).unref();
  }

  /** In ms; 0 during the first 250 ms. */
  get ms(): number {
    return this.meanMs;
  }

  /** Begins anew, as if made now. */
  reset(): void {
    this.meanMs = 0;
    this.histogram.reset();
    this.timer.refresh();
  }

  stop(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  private read(): void {
    // Without a tick since the last time there is nothing new to know.
    if (this.histogram.count === 0) return;
    this.meanMs = Math.max(0, this.histogram.mean / 1e6 - RESOLUTION_MS);
    this.histogram.reset();
  }
}
