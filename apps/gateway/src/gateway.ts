import { Module, type DynamicModule } from '@nestjs/common';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConcurrencyLimit, EventLoopDelay, RateLimit } from '@orders/resilience';
import { createHttpApp, type Service } from '@orders/service';
import { type FastifyInstance } from 'fastify';

import { addAuthentication } from './auth/auth.hook.js';
import { KeySet } from './auth/key-set.js';
import { TokenVerifier } from './auth/token-verifier.js';
import { type Config } from './config.js';
import { addDocs } from './docs/docs.js';
import { OrdersClient } from './orders/orders.client.js';
import { OrdersController } from './orders/orders.controller.js';
import { addOverloadProtection } from './overload/overload.hook.js';
import { addRateLimit } from './overload/rate-limit.hook.js';

@Module({})
class GatewayModule {
  static with(orders: OrdersClient): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [OrdersController],
      providers: [{ provide: OrdersClient, useValue: orders }],
    };
  }
}

/** Puts the gateway together; it listens to nobody yet. */
export async function createGateway(config: Config, service: Service): Promise<NestFastifyApplication> {
  const keys = new KeySet({ url: config.oidcJwksUrl, logger: service.logger });
  const verifier = new TokenVerifier(keys, {
    issuer: config.oidcIssuer,
    audience: config.oidcAudience,
    algorithms: config.oidcAlgorithms,
  });
  const orders = new OrdersClient(config, service.logger);
  const app = await createHttpApp(GatewayModule.with(orders), { service });

  const fastify = app.getHttpAdapter().getInstance();
  fastify.decorate('requestDeadlineMs', config.requestDeadlineMs);
  addAuthentication(fastify, verifier);
  protectFromOverload(fastify, config, service);
  addDocs(fastify);
  fastify.get('/healthz', { config: { access: 'public' } }, () => ({ status: 'ok' }));

  void keys.run();
  // Not orders: without it the gateway still answers honestly, and all gateways would leave at once.
  service.readiness('token-keys', () => keys.check());
  service.onStop('connections', 'token keys', async () => keys.stop());
  service.onStop('connections', 'orders', async () => orders.close());
  return app;
}

function protectFromOverload(fastify: FastifyInstance, config: Config, service: Service): void {
  const { maxConcurrentRequests: max, maxQueuedRequests: maxQueued, maxQueueMs } = config;
  const rate = { perSecond: config.rateLimitPerSecond, burst: config.rateLimitBurst };
  addRateLimit(fastify, new RateLimit(rate), rate);
  const delay = new EventLoopDelay();
  addOverloadProtection(fastify, {
    limit: new ConcurrencyLimit({ max, maxQueued, maxQueueMs }),
    delay,
    maxDelayMs: config.maxEventLoopDelayMs,
  });
  // How busy the start was says nothing about serving.
  fastify.addHook('onListen', async () => delay.reset());
  service.onStop('connections', 'event loop delay', async () => delay.stop());
}
