import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  handleWhenResult,
  type IBackoff,
  SamplingBreaker,
} from 'cockatiel';

/** `closed`: calls are made. `open`: calls are refused at once. `half-open`: all but one trial call are refused. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** Does this error count as a failure of the called service? Every other outcome counts as a success. */
  isFailure: (error: unknown) => boolean;
  /** Makes the error that a refused call is rejected with. */
  refuse: (cause?: Error) => Error;
  /** Called with the new state at every change. */
  onChange: (state: BreakerState) => void;
  /** How long the breaker stays open before it makes a trial call, in ms. Default 1 000. */
  openMs?: number;
}

/** Opens when more than 80 % of at least 10 calls failed, counted over the last five windows of 400 ms that had calls. */
const SAMPLE = { threshold: 0.8, duration: 2_000, minimumRps: 5 };

/**
 * A circuit breaker, shared by all calls to one service: a failing service gets no calls, and its callers need not wait
 * for errors. It opens when nearly all calls fail, refuses calls for `openMs`, then makes one trial call: success closes
 * it, failure opens it again.
 */
export class Breaker {
  private readonly policy;

  constructor(private readonly options: BreakerOptions) {
    const { isFailure, onChange, openMs = 1_000 } = options;
    // Gives cockatiel outcomes instead of errors: it would not count a call whose error is no failure.
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

  /** @throws what `call` throws, or the error of `refuse` when the call was not made */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // cockatiel would let this call wait for the trial call, perhaps past its own deadline.
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

/** Times the open state by the monotonic clock. Cockatiel uses the wall clock, which may be set back by an hour. */
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
