import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  handleWhenResult,
  type IBackoff,
  SamplingBreaker,
} from 'cockatiel';

/** `open`: calls are refused at once. `half-open`: one call finds out whether they would work again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Does this error say that whoever is called is in trouble? Every other outcome says that it is well. */
  isFailure: (error: unknown) => boolean;
  /** Told of every change of state. */
  onChange: (state: BreakerState) => void;
  /** How long calls are refused before one is let through, in ms. Default 1 000. */
  openMs?: number;
}

/** The call was not made: those before it failed. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
}

/** More than 8 of 10 calls failed, of at least 10, in the last five stretches of 400 ms that had calls. */
const SAMPLE = { threshold: 0.8, duration: 2_000, minimumRps: 5 };

/**
 * Spares a service in trouble the calls that would fail, and their callers the wait. Opens when nearly all calls fail;
 * then refuses for `openMs`, lets one call through, and closes when that works. Shared by all calls to one service.
 */
export class Breaker {
  private readonly policy;

  constructor({ isFailure, onChange, openMs = 1_000 }: BreakerOptions) {
    // Outcomes instead of errors: to cockatiel, an error that is no failure would be no call at all.
    const failed = (result: unknown) => {
      const [outcome] = result as [PromiseSettledResult<unknown>];
      return outcome.status === 'rejected' && isFailure(outcome.reason);
    };
    this.policy = circuitBreaker(handleWhenResult(failed), {
      breaker: new SamplingBreaker(SAMPLE),
      halfOpenAfter: new OpenFor(openMs),
    });
    this.policy.onStateChange(() => onChange(this.state));
  }

  get state(): BreakerState {
    switch (this.policy.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      default:
        return 'open';
    }
  }

  /**
   * @throws {BreakerOpenError} when the call was not made
   * @throws what `call` throws
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // Who comes while another finds out would have to wait for it, past its own deadline.
    if (this.state === 'half-open') throw new BreakerOpenError('one call is finding out whether calls work');
    const [outcome] = await this.guarded(() => Promise.allSettled([call()]));
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(work);
    } catch (cause) {
      if (!(cause instanceof BrokenCircuitError)) throw cause;
      throw new BreakerOpenError('too many calls have failed', { cause });
    }
  }
}

/** Cockatiel goes by the wall clock, which may be set back by an hour; this one goes by the monotonic clock. */
class OpenFor implements IBackoff<unknown> {
  private readonly until: number;

  constructor(private readonly ms: number) {
    this.until = performance.now() + ms;
  }

  get duration(): number {
    return performance.now() < this.until ? Infinity : -Infinity;
  }

  next(): OpenFor {
    return new OpenFor(this.ms);
  }
}
