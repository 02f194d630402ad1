import { ApiDocument, type OpenApi } from '@orders/http/testing/api-document';
import { createLogger } from '@orders/instrumentation';
import { readConfig, Service, type ProcessHandle } from '@orders/service';
import { AUDIENCE, startIssuer } from '@orders/tokens/testing/issuer';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { gatewayConfig } from '../config.js';
import { PAGES } from '../docs/docs.js';
import { openApiDocument } from '../docs/openapi.js';
import { createGateway } from '../gateway.js';
import { OrdersStub } from './orders-stub.js';
import { watchAnswers } from './watch-answers.js';

/** A valid order. */
export const GOOD_ORDER = { items: [{ sku: 'BOOK-1', quantity: 2, priceCents: 1_999 }] };

/** The document that the gateway serves. */
const API = new ApiDocument(openApiDocument() as OpenApi);

/**
 * Starts the real gateway on a free port, with a real issuer and a real gRPC server behind it. Every answer to a test is
 * compared with the OpenAPI document: `stop` throws when one differs.
 */
export async function startGateway(environment: NodeJS.ProcessEnv = {}) {
  const issuer = await startIssuer();
  const orders = await new OrdersStub().start();
  const log = new PassThrough();
  const lines: string[] = [];
  log.on('data', (line: Buffer) => lines.push(line.toString()));
  const config = readConfig(gatewayConfig, {
    HOST: '127.0.0.1',
    MANAGEMENT_PORT: '0',
    ORDERS_ADDRESS: `127.0.0.1:${orders.port}`,
    OIDC_ISSUER: issuer.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_JWKS_URL: issuer.jwksUrl,
    SHUTDOWN_WAIT_MS: '0',
    // On a busy machine it would shed load where no test wants it.
    MAX_EVENT_LOOP_DELAY_MS: '60000',
    ...environment,
  });
  const exited = Promise.withResolvers<number>();
  const handle: ProcessHandle = { on: () => undefined, exit: exited.resolve };
  const logger = createLogger({ name: 'gateway', level: 'info' }, log);
  const service = new Service({ name: 'gateway', config, logger, process: handle });
  const managementPort = await service.openManagementPort();
  const app = await createGateway(config, service);
  const routes: string[] = [];
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRoute', (route) => {
      routes.push(`${[route.method].flat().join()} ${route.url}`);
    });
  let arrived = 0;
  app.getHttpServer().prependListener('request', () => (arrived += 1));
  await app.listen(0, '127.0.0.1');
  service.markStarted();
  const differences = new Set<string>();
  watchAnswers(app.getHttpServer(), (answer) => {
    if (PAGES.includes(answer.request?.path ?? '')) return;
    for (const difference of API.differences(answer)) differences.add(difference);
  });
  const { port } = app.getHttpServer().address() as AddressInfo;
  const alice = await issuer.token('alice', 'orders:read orders:write');

  return {
    issuer,
    orders,
    service,
    port,
    server: app.getHttpServer(),
    url: `http://127.0.0.1:${port}`,
    managementUrl: `http://127.0.0.1:${managementPort}`,
    routes,
    /** How many requests have come in. */
    arrived: () => arrived,
    logs: () =>
      lines
        .join('')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    exited: exited.promise,
    /** Sends a request as alice; a body that is no string or buffer is sent as JSON. */
    request(path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) {
      const { body } = init;
      const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
      return fetch(`http://127.0.0.1:${port}${path}`, {
        method: init.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${alice}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...init.headers,
        },
        ...(body !== undefined && { body: (raw ? body : JSON.stringify(body)) as string }),
      });
    },
    async stop() {
      await service.stop('test');
      orders.stop();
      await issuer.close();
      if (differences.size > 0) throw new Error(`not as documented:\n${[...differences].join('\n')}`);
    },
  };
}

export type GatewayUnderTest = Awaited<ReturnType<typeof startGateway>>;
