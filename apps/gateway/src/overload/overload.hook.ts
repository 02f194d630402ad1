import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import type { ConcurrencyLimit, Entry, EventLoopDelay } from '@orders/resilience';
import type { FastifyInstance } from 'fastify';

export interface OverloadOptions {
  limit: ConcurrencyLimit;
  delay: Pick<EventLoopDelay, 'ms'>;
  /** Delay of the event loop in ms from which each caller may have one request at a time; from twice this on, none. */
  maxDelayMs: number;
}

const REASONS = ['event-loop', 'full', 'late', 'connections'] as const;
type Reason = (typeof REASONS)[number];

/** Decides which requests are refused for overload, and counts them. */
export class Overload {
  readonly limit: ConcurrencyLimit;
  private readonly refused = meter('http').createCounter('http.server.refused', {
    description:
      'Requests refused for overload, by reason: event-loop, full (queue), late (too long in the queue); connections closed above their limit',
  });

  constructor(private readonly options: OverloadOptions) {
    this.limit = options.limit;
    // Exported as 0 from the start, so that the first refusal is seen as an increase.
    for (const reason of REASONS) this.refused.add(0, { reason });
  }

  /** Why another request of this caller must be refused now; undefined = it may enter. */
  reasonAgainst(caller: string): Reason | undefined {
    const { limit, delay, maxDelayMs } = this.options;
    // Callers with no request in progress are the last to be refused.
    const maxForCaller = limit.heldBy(caller) > 0 ? maxDelayMs : 2 * maxDelayMs;
    if (delay.ms >= maxForCaller) return 'event-loop';
    return limit.fullFor(caller) ? 'full' : undefined;
  }

  count(reason: Reason): void {
    this.refused.add(1, { reason });
  }

  /** Counts a refusal and returns its error. */
  refuse(reason: Reason): DomainError {
    this.count(reason);
    return overloaded();
  }
}

export function overloaded(): DomainError {
  return new DomainError(
    'overloaded',
    'There are more requests than can be served now; the same request may be repeated',
  );
}

/** Refuses requests that cannot be served in time, before their body is read. Public routes, as health, always pass. */
export function addOverloadProtection(fastify: FastifyInstance, overload: Overload): void {
  const { limit } = overload;
  // Runs after authentication, so that unauthenticated requests take no place.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.caller) return done();
    const { id } = request.caller;
    const reason = overload.reasonAgainst(id);
    if (reason) return done(overload.refuse(reason));
    const admit = (entry: Entry) => {
      if (entry !== 'entered') return done(overload.refuse(entry));
      if (reply.raw.destroyed) limit.leave(id);
      else reply.raw.on('close', () => limit.leave(id));
      done();
    };
    const entry = limit.enter(id, request.deadline.signal);
    if (entry instanceof Promise) void entry.then(admit);
    else admit(entry);
  });
}
