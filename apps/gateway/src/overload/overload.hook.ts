import { DomainError } from '@orders/contracts';
import { meter } from '@orders/instrumentation';
import { type ConcurrencyLimit, type EventLoopDelay } from '@orders/resilience';
import { type FastifyInstance } from 'fastify';

import { goneSignal } from '../gone.js';

export interface OverloadOptions {
  limit: ConcurrencyLimit;
  delay: Pick<EventLoopDelay, 'ms'>;
  /** From this delay on nothing is taken, in ms. */
  maxDelayMs: number;
}

/** Refuses what cannot be served in time, before its body is read. Public routes, health among them, always pass. */
export function addOverloadProtection(fastify: FastifyInstance, options: OverloadOptions): void {
  const { limit, delay, maxDelayMs } = options;
  const refused = meter('http').createCounter('http.server.refused', {
    description:
      'Requests refused for overload, by reason: event-loop, full (queue), late (too long in the queue)',
  });
  const refuse = (reason: string): never => {
    refused.add(1, { reason });
    throw new DomainError(
      'overloaded',
      'More is asked than can be served now; the same request may be repeated',
    );
  };

  // Strangers are already gone: they can take no place from customers.
  fastify.addHook('onRequest', async (request, reply) => {
    if (!request.caller) return;
    if (delay.ms >= maxDelayMs) refuse('event-loop');
    const entry = await limit.enter(goneSignal(reply));
    if (entry !== 'entered') refuse(entry);
    if (reply.raw.destroyed) limit.leave();
    else reply.raw.once('close', () => limit.leave());
  });
}
