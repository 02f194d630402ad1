import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import type { ConcurrencyLimit, Entry, EventLoopDelay } from '@orders/resilience';
import type { FastifyInstance } from 'fastify';

export interface OverloadOptions {
  limit: ConcurrencyLimit;
  delay: Pick<EventLoopDelay, 'ms'>;
  /** From this delay on each caller is let in one at a time, from twice this delay on nobody, in ms. */
  maxDelayMs: number;
}

const REASONS = ['event-loop', 'full', 'late', 'connections'] as const;
type Reason = (typeof REASONS)[number];

/** Knows what is too much, and counts what is refused for it. */
export class Overload {
  readonly limit: ConcurrencyLimit;
  private readonly refused = meter('http').createCounter('http.server.refused', {
    description:
      'Requests refused for overload, by reason: event-loop, full (queue), late (too long in the queue); connections ended for being too many',
  });

  constructor(private readonly options: OverloadOptions) {
    this.limit = options.limit;
    // There from the start, so that the first refusal is an increase.
    for (const reason of REASONS) this.refused.add(0, { reason });
  }

  /** Why nothing more of this caller can be taken at this moment; undefined = come in. */
  reasonAgainst(caller: string): Reason | undefined {
    const { limit, delay, maxDelayMs } = this.options;
    // Who asks for little is the last to be shed.
    const maxForCaller = limit.heldBy(caller) > 0 ? maxDelayMs : 2 * maxDelayMs;
    if (delay.ms >= maxForCaller) return 'event-loop';
    return limit.fullFor(caller) ? 'full' : undefined;
  }

  count(reason: Reason): void {
    this.refused.add(1, { reason });
  }

  /** Counts a refusal and gives the error to refuse with. */
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

/** Refuses what cannot be served in time, before its body is read. Public routes, health among them, always pass. */
export function addOverloadProtection(fastify: FastifyInstance, overload: Overload): void {
  const { limit } = overload;
  // Strangers are already gone: they can take no place from customers.
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
