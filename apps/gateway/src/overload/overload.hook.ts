import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import type { ConcurrencyLimit, EventLoopDelay } from '@orders/resilience';
import type { FastifyInstance } from 'fastify';

import { goneSignal } from '../gone.js';

export interface OverloadOptions {
  limit: ConcurrencyLimit;
  delay: Pick<EventLoopDelay, 'ms'>;
  /** From this delay on nothing is taken, in ms. */
  maxDelayMs: number;
}

const REASONS = ['event-loop', 'full', 'late'] as const;
type Reason = (typeof REASONS)[number];

/** Knows what is too much, and counts what is refused for it. */
export class Overload {
  readonly limit: ConcurrencyLimit;
  private readonly refused = meter('http').createCounter('http.server.refused', {
    description:
      'Requests refused for overload, by reason: event-loop, full (queue), late (too long in the queue)',
  });

  constructor(private readonly options: OverloadOptions) {
    this.limit = options.limit;
    // There from the start, so that the first refusal is an increase.
    for (const reason of REASONS) this.refused.add(0, { reason });
  }

  /** Why nothing more can be taken at this moment; undefined = come in. */
  get reason(): Reason | undefined {
    const { limit, delay, maxDelayMs } = this.options;
    if (delay.ms >= maxDelayMs) return 'event-loop';
    return limit.full ? 'full' : undefined;
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
    'More is asked than can be served now; the same request may be repeated',
  );
}

/** Refuses what cannot be served in time, before its body is read. Public routes, health among them, always pass. */
export function addOverloadProtection(fastify: FastifyInstance, overload: Overload): void {
  const { limit } = overload;
  // Strangers are already gone: they can take no place from customers.
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.caller) return;
    const { reason } = overload;
    if (reason) throw overload.refuse(reason);
    const entry = await limit.enter(goneSignal(reply));
    if (entry !== 'entered') throw overload.refuse(entry);
    if (reply.raw.destroyed) limit.leave();
    else reply.raw.once('close', () => limit.leave());
  });
}
