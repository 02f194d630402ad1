/**
 * A point in time after which an answer is of no use to whoever asked, on this process's monotonic clock.
 * Only what is left travels between processes, as gRPC's `grpc-timeout` does.
 */
export class Deadline {
  private constructor(
    private readonly at: number,
    /** Aborts when the caller went away, and at the deadline if somebody keeps it: {@link after} with a `TimeoutError`. */
    readonly signal: AbortSignal,
  ) {}

  /**
   * @param ms how long from now, in ms; not negative
   * @param caller aborts when the caller went away
   */
  static after(ms: number, caller?: AbortSignal): Deadline {
    // AbortSignal.timeout does not keep the process alive.
    const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
    return new Deadline(performance.now() + ms, caller ? AbortSignal.any([timeout, caller]) : timeout);
  }

  /**
   * One without a timer of its own: somebody else keeps the time, as gRPC does for its calls, or looks at what is left.
   *
   * @param signal aborts when the caller went away; at the deadline, too, if whoever keeps the time does it so
   * @param ms how long from now, in ms
   */
  static keptBy(signal: AbortSignal, ms: number): Deadline {
    return new Deadline(performance.now() + ms, signal);
  }

  /**
   * The first of several to be over.
   *
   * @param signal in place of theirs
   */
  static earliest(deadlines: readonly Deadline[], signal: AbortSignal): Deadline {
    return new Deadline(Math.min(...deadlines.map(({ at }) => at)), signal);
  }

  /**
   * The last of several to be over.
   *
   * @param signal in place of theirs
   */
  static latest(deadlines: readonly Deadline[], signal: AbortSignal): Deadline {
    return new Deadline(Math.max(...deadlines.map(({ at }) => at)), signal);
  }

  /** The same, but in `ms` at the latest. */
  atMost(ms: number): Deadline {
    return new Deadline(Math.min(this.at, performance.now() + ms), this.signal);
  }

  /** What is left, in ms; 0 once it has passed. */
  get remainingMs(): number {
    return Math.max(0, this.at - performance.now());
  }

  get expired(): boolean {
    return this.remainingMs === 0;
  }

  /** Nobody waits for the answer any more: it has passed, or the caller went away. */
  get over(): boolean {
    return this.signal.aborted || this.expired;
  }
}
