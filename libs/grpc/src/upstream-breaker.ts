import { type ServiceError, status } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import { Breaker, type BreakerState } from '@orders/resilience';
import type { Logger } from 'pino';

const STATES: readonly BreakerState[] = ['closed', 'half-open', 'open'];

/**
 * A breaker that refuses calls at once while an upstream fails: UNAVAILABLE and DEADLINE_EXCEEDED count as failures.
 * Its state and its changes are metrics, its changes are logged.
 *
 * @param upstream the app that is called, for metrics and log
 */
export function upstreamBreaker(upstream: string, logger: Logger): Breaker {
  const metrics = meter(`${upstream}-client`);
  const changes = metrics.createCounter('breaker.changes', {
    description: 'Changes of the state of a circuit breaker, by upstream and new state',
  });
  // There from the start, so that the first change is an increase.
  for (const state of STATES) changes.add(0, { upstream, state });
  const breaker = new Breaker({
    isFailure: isTrouble,
    refuse: unavailable,
    onChange: (state) => {
      changes.add(1, { upstream, state });
      logger[state === 'open' ? 'warn' : 'info']({ upstream, state }, 'breaker changed');
    },
  });
  metrics
    .createObservableGauge('breaker.state', {
      description: 'State of a circuit breaker, by upstream: 0 closed, 1 half-open, 2 open',
    })
    .addCallback((result) => result.observe(STATES.indexOf(breaker.state), { upstream }));
  return breaker;
}

function unavailable(cause?: Error): DomainError {
  return new DomainError('unavailable', 'A service behind this one is in trouble; repeat it later', {
    cause,
  });
}

/** Not a caller that went away (CANCELLED), nor a request that the upstream refused. */
function isTrouble(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
