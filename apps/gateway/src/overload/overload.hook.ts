import { DomainError } from '@orders/contracts';
import { counter } from '@orders/instrumentation';
import type { ConcurrencyLimit, Entry, EventLoopDelay } from '@orders/resilience';
import type { FastifyInstance } from 'fastify';
import { METRICS } from '../metric-definitions.js';

/** Reads and writes have places of their own: when those of one are taken by slow requests, the others go on. */
export const LANES = ['reads', 'writes'] as const;
export type Lane = (typeof LANES)[number];

/** The lane of a request, by its method: the safe ones read (RFC 9110 section 9.2.1). */
export function laneOf(method: string | undefined): Lane {
  return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
}

export interface OverloadOptions {
  limits: Readonly<Record<Lane, ConcurrencyLimit>>;
  delay: Pick<EventLoopDelay, 'ms'>;
  /** Delay of the event loop in ms from which each caller may have one request at a time; from twice this on, none. */
  maxDelayMs: number;
}

type Reason = Exclude<(typeof METRICS.refused.labels.reason)[number], 'connections'>;

/** Decides which requests are refused for overload, and counts them. */
export class Overload {
  readonly limits: Readonly<Record<Lane, ConcurrencyLimit>>;
  private readonly refused = counter(METRICS.refused);

  constructor(private readonly options: OverloadOptions) {
    this.limits = options.limits;
  }

  /** Why another request of this caller must be refused now; undefined = it may enter. */
  reasonAgainst(caller: string, lane: Lane): Reason | undefined {
    const { limits, delay, maxDelayMs } = this.options;
    // Callers with no request in progress are the last to be refused.
    const isInside = limits.reads.heldBy(caller) > 0 || limits.writes.heldBy(caller) > 0;
    if (delay.ms >= (isInside ? maxDelayMs : 2 * maxDelayMs)) return 'event-loop';
    return limits[lane].fullFor(caller) ? 'full' : undefined;
  }

  count(reason: Reason, lane: Lane): void {
    this.refused.add(1, { reason, lane });
  }

  /** A connection is closed before it has a request, so that it belongs to no lane. */
  countConnection(): void {
    this.refused.add(1, { reason: 'connections', lane: 'none' });
  }

  /** Counts a refusal and returns its error. */
  refuse(reason: Reason, lane: Lane): DomainError {
    this.count(reason, lane);
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
  // Runs after authentication, so that unauthenticated requests take no place.
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.caller) return done();
    const { id } = request.caller;
    const lane = laneOf(request.method);
    const limit = overload.limits[lane];
    const reason = overload.reasonAgainst(id, lane);
    if (reason) return done(overload.refuse(reason, lane));
    const admit = (entry: Entry) => {
      if (entry !== 'entered') return done(overload.refuse(entry, lane));
      if (reply.raw.destroyed) limit.leave(id);
      else reply.raw.on('close', () => limit.leave(id));
      done();
    };
    const entry = limit.enter(id, request.deadline.signal);
    if (entry instanceof Promise) void entry.then(admit);
    else admit(entry);
  });
}
