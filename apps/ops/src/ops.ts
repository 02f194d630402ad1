import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApp } from '@orders/http';
import type { Service, TlsIdentity } from '@orders/service';
import { addAuthentication, openTokenVerifier } from '@orders/tokens';
import type { Config } from './config.js';
import { LiveFlow } from './flow/live-flow.js';
import { EffectsClient } from './orders/effects.client.js';
import { OrdersClient } from './orders/orders.client.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersService } from './orders/orders.service.js';
import { addPage } from './page.routes.js';
import { addSignIn } from './sign-in.routes.js';
import { addSpanIntake } from './spans/span-intake.js';
import { SpanStore } from './spans/span-store.js';
import { STOPPED } from './stopped.js';
import { SystemController } from './system/system.controller.js';

export interface OpsParts {
  service: Service;
  /** Its identity for calls to the apps; without it they are plaintext. */
  tls?: TlsIdentity | undefined;
  /** The folder with the built page. */
  page: string;
}

/** Builds the app; it does not listen yet. */
export async function createOps(
  config: Config,
  { service, tls, page }: OpsParts,
): Promise<NestFastifyApplication> {
  const spans = new SpanStore(config.maxSpans);
  const orders = new OrdersClient(config.ordersAddress, { logger: service.logger, tls });
  const stories = new OrdersService(orders, new EffectsClient(config.effectAddresses), spans);
  const stopped = new AbortController();
  const app = await createHttpApp({
    service,
    controllers: [SystemController, OrdersController],
    providers: [
      { provide: SpanStore, useValue: spans },
      { provide: OrdersService, useValue: stories },
      { provide: LiveFlow, useValue: new LiveFlow(config.managementAddresses) },
      { provide: STOPPED, useValue: stopped.signal },
    ],
  });
  const fastify = app.getHttpAdapter().getInstance();
  addAuthentication(fastify, openTokenVerifier(config, service));
  addSignIn(fastify, config);
  if (config.spansToken) addSpanIntake(fastify, spans, config.spansToken);
  await addPage(fastify, { folder: page, issuer: config.oidcClientId && config.oidcIssuer });
  // An open stream would hold up the stop.
  service.onStop('intake', 'streams', async () => stopped.abort());
  service.onStop('connections', 'orders', async () => orders.close());
  return app;
}
