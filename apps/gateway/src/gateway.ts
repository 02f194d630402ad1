import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApp } from '@orders/http';
import { ConcurrencyLimit, EventLoopDelay } from '@orders/resilience';
import type { Service, TlsIdentity } from '@orders/service';
import { addAuthentication, openTokenVerifier, type TokenVerifier } from '@orders/tokens';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config.js';
import { addDeadlines } from './deadline.hook.js';
import { addDocs } from './docs/docs.js';
import { OrdersClient } from './orders/orders.client.js';
import { OrdersController } from './orders/orders.controller.js';
import { refusalFor, refuseEarly } from './overload/early-refusal.js';
import { addOverloadProtection, laneOf, overloaded, Overload } from './overload/overload.hook.js';
import { addRateLimit, CallerRateLimit } from './overload/rate-limit.hook.js';

/**
 * Builds the gateway; it does not listen yet.
 *
 * @param tls its identity for calls to orders; without it they are plaintext
 */
export async function createGateway(
  config: Config,
  service: Service,
  tls?: TlsIdentity,
): Promise<NestFastifyApplication> {
  const verifier = openTokenVerifier(config, service);
  const orders = new OrdersClient(config, { logger: service.logger, tls });
  const app = await createHttpApp({
    service,
    controllers: [OrdersController],
    providers: [{ provide: OrdersClient, useValue: orders }],
  });

  const fastify = app.getHttpAdapter().getInstance();
  addDeadlines(fastify, config.requestDeadlineMs);
  addAuthentication(fastify, verifier);
  protectFromOverload(fastify, config, { service, verifier });
  addDocs(fastify);
  fastify.get('/healthz', { config: { access: 'public' } }, () => ({ status: 'ok' }));

  // No readiness check of orders: if it is down, all gateways would become unready at once, and clients would not even get a 503.
  service.onStop('connections', 'orders', async () => orders.close());
  return app;
}

function protectFromOverload(
  fastify: FastifyInstance,
  config: Config,
  { service, verifier }: { service: Service; verifier: TokenVerifier },
): void {
  const { maxConcurrentRequests: max, maxQueuedRequests: maxQueued, maxQueueMs } = config;
  const rates = new CallerRateLimit({ perSecond: config.rateLimitPerSecond, burst: config.rateLimitBurst });
  const delay = new EventLoopDelay();
  const limit = () => new ConcurrencyLimit({ max, maxQueued, maxQueueMs });
  const limits = { reads: limit(), writes: limit() };
  const overload = new Overload({ limits, delay, maxDelayMs: config.maxEventLoopDelayMs });
  addRateLimit(fastify, rates);
  addOverloadProtection(fastify, overload);
  refuseBeforeFastify(fastify, { verifier, rates, overload });
  fastify.server.maxConnections = config.maxConnections;
  fastify.server.on('drop', () => overload.countConnection());
  // Delays during the start are not a sign of overload.
  fastify.addHook('onListen', async () => delay.reset());
  service.onStop('connections', 'event loop delay', async () => delay.stop());
}

interface Guards {
  verifier: TokenVerifier;
  rates: CallerRateLimit;
  overload: Overload;
}

function refuseBeforeFastify(fastify: FastifyInstance, { verifier, rates, overload }: Guards): void {
  // At any rate an empty bucket has a token again within a second.
  const empty = { allowed: false, remaining: 0, waitMs: 1_000 };
  const tooFast = refusalFor(rates.error(empty), rates.headers(empty));
  const tooMuch = refusalFor(overloaded());
  refuseEarly(fastify.server, (authorization, method) => {
    const caller = verifier.known(authorization);
    if (caller && rates.wouldRefuse(caller.id)) return tooFast;
    // An unknown caller holds no place yet.
    const lane = laneOf(method);
    const reason = overload.reasonAgainst(caller?.id ?? '', lane);
    if (!reason) return undefined;
    overload.count(reason, lane);
    return tooMuch;
  });
}
