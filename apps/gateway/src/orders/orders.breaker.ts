import { type ServiceError, status } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import { Breaker, type BreakerState } from '@orders/resilience';
import type { Logger } from 'pino';

const STATES: readonly BreakerState[] = ['closed', 'half-open', 'open'];

/** While orders is in trouble, its callers are told so at once. Counts, shows and logs what the breaker does. */
export class OrdersBreaker {
  private readonly breaker: Breaker;
  private readonly changes;

  constructor(private readonly logger: Logger) {
    const metrics = meter('orders-client');
    this.changes = metrics.createCounter('breaker.changes', {
      description: 'Changes of the state of a circuit breaker, by upstream and new state',
    });
    // There from the start, so that the first change is an increase.
    for (const state of STATES) this.changes.add(0, { upstream: 'orders', state });
    this.breaker = new Breaker({
      isFailure: isTrouble,
      refuse: unavailable,
      onChange: (state) => this.changed(state),
    });
    metrics
      .createObservableGauge('breaker.state', {
        description: 'State of a circuit breaker, by upstream: 0 closed, 1 half-open, 2 open',
      })
      .addCallback((result) => result.observe(STATES.indexOf(this.breaker.state), { upstream: 'orders' }));
  }

  /** @throws {DomainError} `unavailable` when the call was not made; else what `call` throws */
  run<T>(call: () => Promise<T>): Promise<T> {
    return this.breaker.run(call);
  }

  private changed(state: BreakerState): void {
    this.changes.add(1, { upstream: 'orders', state });
    this.logger[state === 'open' ? 'warn' : 'info']({ upstream: 'orders', state }, 'breaker changed');
  }
}

function unavailable(cause?: Error): DomainError {
  return new DomainError('unavailable', 'A service behind this one is in trouble; repeat it later', {
    cause,
  });
}

/** Not that a client went away (CANCELLED), nor that orders refused what it was asked. */
function isTrouble(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
