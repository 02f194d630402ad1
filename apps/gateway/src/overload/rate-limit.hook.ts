import { DomainError } from '@orders/contracts';
import { type RateLimit } from '@orders/resilience';
import { type FastifyInstance } from 'fastify';

export interface CallerRate {
  perSecond: number;
  burst: number;
}

/**
 * Lets no caller take what belongs to the others; the key is the token's subject. Tells every caller where it stands
 * (draft-ietf-httpapi-ratelimit-headers), and one who goes too fast when to come back.
 */
export function addRateLimit(
  fastify: FastifyInstance,
  limit: RateLimit,
  { perSecond, burst }: CallerRate,
): void {
  const policy = `"caller";q=${burst};w=${Math.ceil(burst / perSecond)}`;
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.caller) return done();
    const { allowed, remaining, waitMs } = limit.take(request.caller.id);
    const waitSeconds = Math.ceil(waitMs / 1_000);
    reply.header('ratelimit-policy', policy).header('ratelimit', `"caller";r=${remaining};t=${waitSeconds}`);
    if (allowed) return done();
    const detail = `This caller may make ${perSecond} requests a second`;
    done(new DomainError('rate-limited', detail, { retryAfterSeconds: Math.max(1, waitSeconds) }));
  });
}
