import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The time between two samples of the monitor, in ms. Each value that it records includes it. */
const RESOLUTION_MS = 10;
/** The time over which the delay is averaged, in ms. */
const WINDOW_MS = 250;

/**
 * The delay of the event loop: how long a callback that is ready to run waits. It is the mean over the last 250 ms, so
 * that one long garbage collection counts little and a loop that cannot keep up counts much. Its timer does not keep the
 * process alive.
 */
export class EventLoopDelay {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly timer: NodeJS.Timeout;
  private meanMs = 0;

  constructor() {
    this.histogram.enable();
    this.timer = setInterval(() => this.read(), WINDOW_MS).unref();
  }

  /** The delay in ms; 0 during the first 250 ms. */
  get ms(): number {
    return this.meanMs;
  }

  /** Forgets what was measured, as if created now. */
  reset(): void {
    this.meanMs = 0;
    this.histogram.reset();
    this.timer.refresh();
  }

  /** Ends the measurement; {@link ms} keeps its last value. */
  stop(): void {
    clearInterval(this.timer);
    this.histogram.disable();
  }

  private read(): void {
    // No sample since the last read: the old value stays.
    if (this.histogram.count === 0) return;
    this.meanMs = Math.max(0, this.histogram.mean / 1e6 - RESOLUTION_MS);
    this.histogram.reset();
  }
}
