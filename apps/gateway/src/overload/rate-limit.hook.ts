import { DomainError } from '@orders/contracts';
import { RateLimit, type RateDecision } from '@orders/resilience';
import type { FastifyInstance } from 'fastify';

export interface CallerRate {
  perSecond: number;
  burst: number;
}

/** A rate limit for each caller, keyed by the token's subject. */
export class CallerRateLimit {
  private readonly limit: RateLimit;
  private readonly policy: string;

  constructor(private readonly rate: CallerRate) {
    this.limit = new RateLimit(rate);
    this.policy = `"caller";q=${rate.burst};w=${Math.ceil(rate.burst / rate.perSecond)}`;
  }

  take(caller: string): RateDecision {
    return this.limit.take(caller);
  }

  /** Whether the next request of this caller would be refused. Uses up nothing. */
  wouldRefuse(caller: string): boolean {
    return !this.limit.peek(caller).allowed;
  }

  /** The headers of draft-ietf-httpapi-ratelimit-headers. */
  headers({ remaining, waitMs }: RateDecision): Record<string, string> {
    const reset = Math.ceil(waitMs / 1_000);
    return { 'ratelimit-policy': this.policy, ratelimit: `"caller";r=${remaining};t=${reset}` };
  }

  error({ waitMs }: RateDecision): DomainError {
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1_000));
    const detail = `This caller may make ${this.rate.perSecond} requests a second`;
    return new DomainError('rate-limited', detail, { retryAfterSeconds });
  }
}

/**
 * Limits the request rate of each caller, so that none uses the capacity of the others. Every answer to a caller has its
 * `RateLimit`; a 429 also has `Retry-After`.
 */
export function addRateLimit(fastify: FastifyInstance, rates: CallerRateLimit): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!request.caller) return done();
    const decision = rates.take(request.caller.id);
    reply.headers(rates.headers(decision));
    done(decision.allowed ? undefined : rates.error(decision));
  });
}
