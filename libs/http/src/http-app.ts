import { Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Service } from '@orders/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger as NestLogger, LoggerModule } from 'nestjs-pino';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { answerClientError } from './client-error.js';
import { acceptJsonOnly, addEdgeHooks, beginRequest } from './http-edge.js';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';
import { ValidationPipe } from './validation.pipe.js';

export interface HttpAppOptions extends Pick<ModuleMetadata, 'controllers' | 'providers'> {
  /** The app uses its logger, takes part in its stop, and closes connections while it stops. */
  service: Service;
}

const SERVER_OPTIONS = {
  // In bytes; a larger body is answered with 413.
  bodyLimit: 65_536,
  // Against slow senders: headers within 3 s, the whole request within 5 s, checked every second.
  requestTimeout: 5_000,
  http: {
    headersTimeout: 3_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16_384,
    // The edge refuses a request without Host, as a problem: Node's own answer has no body and no id.
    requireHostHeader: false,
  },
  // Above the usual 60 s of load balancers, so that they close idle connections first.
  keepAliveTimeout: 65_000,
  connectionTimeout: 75_000,
  maxRequestsPerSocket: 1_000,
  // Ids of any length reach their handler, which checks them.
  routerOptions: { maxParamLength: 16_384 },
  // During a stop, requests on open connections are still served, with `Connection: close`.
  return503OnClosing: false,
  clientErrorHandler: answerClientError,
};

/** How often a stopping server closes connections that have become idle, in ms. */
const IDLE_SWEEP_MS = 100;

/**
 * Makes a Nest application on Fastify with what all our public ports share:
 *
 * - bodies of at most 64 KiB, in strict JSON, and timeouts for slow senders;
 * - validation by the zod schema of `@Body({ schema })`, `@Query({ schema })` and `@Param({ schema })`;
 * - problem+json for every error;
 * - a request context, one metric and one log line a request;
 * - a stop within the service's time limits, registered with the service.
 *
 * Call `app.listen(port, host)` afterwards. Handlers must be added to Fastify before that.
 */
export async function createHttpApp(options: HttpAppOptions): Promise<NestFastifyApplication> {
  const { service } = options;
  const routes = new RouteTable();
  const filter = new ProblemFilter(routes, service.logger);
  const adapter = new FastifyAdapter({
    ...SERVER_OPTIONS,
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      beginRequest(request, reply);
      filter.answer(error, request, reply);
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(rootModule(options), adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(NestLogger));
  app.useGlobalFilters(filter);
  app.useGlobalPipes(new ValidationPipe());
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.add(each, url);
  });
  addEdgeHooks(fastify, service);
  acceptJsonOnly(fastify);
  closeSpentConnections(app.getHttpServer());
  stopWith(service, app);
  return app;
}

function rootModule({ service: { logger }, controllers = [], providers = [] }: HttpAppOptions): Type {
  @Module({
    // Its middleware is bound to no route: our own hook writes the line of a request in a tenth of the time.
    imports: [LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false }, forRoutes: [] })],
    controllers,
    providers,
  })
  class HttpModule {}
  return HttpModule;
}

/**
 * Closes connections whose client goes on after the last request of {@link SERVER_OPTIONS.maxRequestsPerSocket}, which
 * was answered with `Connection: close`. Node itself would refuse every further request, without calling a hook.
 */
function closeSpentConnections(server: Server): void {
  server.on('dropRequest', (_request: IncomingMessage, socket: Socket) => socket.destroySoon());
}

function stopWith(service: Service, app: NestFastifyApplication): void {
  const server = app.getHttpServer();
  let closed = Promise.resolve();
  service.onStop('intake', 'http', () => {
    closed = new Promise((resolve) => server.close(() => resolve()));
    return Promise.resolve();
  });
  service.onStop('drain', 'http', async (signal) => {
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    // Otherwise a client with a half-sent request could keep the server open without limit.
    signal.addEventListener('abort', () => server.closeAllConnections(), { once: true });
    await closed;
    clearInterval(sweep);
  });
  service.onStop('connections', 'http', () => app.close());
}
