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
  /** What a call is rejected with that is not made. */
  refuse: (cause?: Error) => Error;
  /** Told of every change of state. */
  onChange: (state: BreakerState) => void;
  /** How long calls are refused before one is let through, in ms. Default 1 000. */
  openMs?: number;
}

/** More than 8 of 10 calls failed, of at least 10, in the last five stretches of 400 ms that had calls. */
const SAMPLE = { threshold: 0.8, duration: 2_000, minimumRps: 5 };

/**
 * Spares a service in trouble the calls that would fail, and their callers the wait. Opens when nearly all calls fail;
 * then refuses for `openMs`, lets one call through, and closes when that works. Shared by all calls to one service.
 */
export class Breaker {
  private readonly policy;

  constructor(private readonly options: BreakerOptions) {
    const { isFailure, onChange, openMs = 1_000 } = options;
    // Outcomes instead of errors: to cockatiel, an error that is no failure would be no call at all.
    const failed = (result: unknown) => {
      const outcome = result as PromiseSettledResult<unknown>;
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

  /** @throws what `call` throws, or what `refuse` makes when the call was not made */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // Who comes while another finds out would have to wait for it, past its own deadline.
    if (this.state === 'half-open') throw this.options.refuse();
    try {
      const outcome = await this.policy.execute(() => settled(call()));
      if (outcome.status === 'fulfilled') return outcome.value;
      throw outcome.reason;
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.options.refuse(error) : error;
    }
  }
}

function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  return promise.then(
    (value) => ({ status: 'fulfilled', value }),
    (reason: unknown) => ({ status: 'rejected', reason }),
  );
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
