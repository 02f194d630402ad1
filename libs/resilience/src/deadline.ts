/**
 * A point in time after which an answer is of no use to whoever asked, on this process's monotonic clock.
 * Only what is left travels between processes, as gRPC's `grpc-timeout` does.
 */
export class Deadline {
  private constructor(
    private readonly at: number,
    /** Aborts with a `TimeoutError` at the deadline, or earlier when the caller went away. */
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

  /** What is left, in ms; 0 once it has passed. */
  get remainingMs(): number {
    return Math.max(0, this.at - performance.now());
  }

  get expired(): boolean {
    return this.remainingMs === 0;
  }
}
