import { type ServiceError, status } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import { Breaker, type BreakerState } from '@orders/resilience';
import type { Logger } from 'pino';

const STATES: readonly BreakerState[] = ['closed', 'half-open', 'open'];

/**
 * A breaker for the calls to an upstream. UNAVAILABLE and DEADLINE_EXCEEDED count as failures. Its state and its changes
 * are metrics, and each change is logged.
 *
 * @param upstream name of the called app, for metrics and log
 */
export function upstreamBreaker(upstream: string, logger: Logger): Breaker {
  const metrics = meter(`${upstream}-client`);
  const changes = metrics.createCounter('breaker.changes', {
    description: 'Changes of the state of a circuit breaker, by upstream and new state',
  });
  // Exported as 0 from the start, so that the first change shows as an increase.
  for (const state of STATES) changes.add(0, { upstream, state });
  const breaker = new Breaker({
    isFailure: isUpstreamFailure,
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
  return new DomainError('unavailable', 'A service behind this one fails; repeat the request later', {
    cause,
  });
}

/** False for a call whose caller went away (CANCELLED), and for a request that the upstream refused. */
function isUpstreamFailure(error: unknown): boolean {
  const { code } = ((error as Error).cause ?? {}) as Partial<ServiceError>;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
