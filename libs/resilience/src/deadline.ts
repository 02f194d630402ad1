/**
 * The point in time after which the caller no longer needs an answer, on the monotonic clock of this process. Between
 * processes only the time left is sent, as gRPC does in `grpc-timeout`.
 */
export class Deadline {
  private constructor(
    private readonly at: number,
    /** Aborts when the caller goes away. One made by {@link after} also aborts at the deadline, with a `TimeoutError`. */
    readonly signal: AbortSignal,
  ) {}

  /**
   * A deadline with a timer of its own, which does not keep the process alive.
   *
   * @param ms from now, in ms; below 0 counts as passed
   * @param caller aborts when the caller goes away
   */
  static after(ms: number, caller?: AbortSignal): Deadline {
    const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
    return new Deadline(performance.now() + ms, caller ? AbortSignal.any([timeout, caller]) : timeout);
  }

  /**
   * A deadline without a timer of its own: the owner of `signal` times it, as gRPC does for its calls, or users check
   * {@link remainingMs}.
   *
   * @param signal aborts when the caller goes away; its owner may also abort it at the deadline
   * @param ms from now, in ms; below 0 counts as passed
   */
  static withoutTimer(signal: AbortSignal, ms: number): Deadline {
    return new Deadline(performance.now() + ms, signal);
  }

  /**
   * The deadline of several that passes first.
   *
   * @param signal replaces theirs
   */
  static earliest(deadlines: readonly Deadline[], signal: AbortSignal): Deadline {
    return new Deadline(Math.min(...deadlines.map(({ at }) => at)), signal);
  }

  /**
   * The deadline of several that passes last.
   *
   * @param signal replaces theirs
   */
  static latest(deadlines: readonly Deadline[], signal: AbortSignal): Deadline {
    return new Deadline(Math.max(...deadlines.map(({ at }) => at)), signal);
  }

  /** The same deadline, or `ms` from now if that is earlier. */
  atMost(ms: number): Deadline {
    return new Deadline(Math.min(this.at, performance.now() + ms), this.signal);
  }

  /** Time left, in ms; 0 once the deadline has passed. */
  get remainingMs(): number {
    return Math.max(0, this.at - performance.now());
  }

  /** The deadline has passed. */
  get expired(): boolean {
    return this.remainingMs === 0;
  }

  /** Nobody waits for the answer any more: the deadline has passed, or the caller went away. */
  get over(): boolean {
    return this.signal.aborted || this.expired;
  }
}
