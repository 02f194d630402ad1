import { type ServiceError, status } from '@grpc/grpc-js';
import { DomainError } from '@orders/contracts';
import { counter, observe } from '@orders/instrumentation';
import { Breaker } from '@orders/resilience';
import type { Logger } from 'pino';
import { METRICS } from './metric-definitions.js';

const STATES = METRICS.breakerChanges.labels.state;

/**
 * A breaker for the calls to an upstream. UNAVAILABLE and DEADLINE_EXCEEDED count as failures. Its state and its changes
 * are metrics, and each change is logged.
 *
 * @param upstream name of the called app, for metrics and log
 */
export function upstreamBreaker(upstream: string, logger: Logger): Breaker {
  const changes = counter(METRICS.breakerChanges, { upstream: [upstream] });
  const breaker = new Breaker({
    isFailure: isUpstreamFailure,
    refuse: unavailable,
    onChange: (state) => {
      changes.add(1, { upstream, state });
      logger[state === 'open' ? 'warn' : 'info']({ upstream, state }, 'breaker changed');
    },
  });
  const { breakerState } = METRICS;
  observe([breakerState], (set) => set(breakerState, STATES.indexOf(breaker.state), { upstream }));
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
