import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

import { Module, type DynamicModule, type ForwardReference, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger as NestLogger, LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';

import { answerClientError } from './client-error.js';
import { acceptJsonOnly, addEdgeHooks, beginRequest } from './http-edge.js';
import { ProblemFilter } from './problem.filter.js';
import { RouteTable } from './route-table.js';
import type { Service } from './service.js';
import { ValidationPipe } from './validation.pipe.js';

const SERVER_OPTIONS = {
  // More is 413.
  bodyLimit: 65_536,
  // Slow senders: headers within 3 s, the whole request within 5 s, looked at each second.
  requestTimeout: 5_000,
  http: { headersTimeout: 3_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
  // Longer than the usual 60 s of load balancers, so that they close first.
  keepAliveTimeout: 65_000,
  connectionTimeout: 75_000,
  maxRequestsPerSocket: 1_000,
  // An id of any length is looked at, and found to be none.
  routerOptions: { maxParamLength: 16_384 },
  // While stopping, requests on open connections are answered as ever, with `Connection: close`.
  return503OnClosing: false,
  clientErrorHandler: answerClientError,
};

/** How often a stopping server looks for connections that have become idle, in ms. */
const IDLE_SWEEP_MS = 100;

export interface HttpAppOptions {
  /** Whose logger, stop and drain state the app shares. */
  service: Service;
}

/** See `createHttpApp`. */
export async function buildHttpApp(
  module: unknown,
  options: HttpAppOptions,
): Promise<NestFastifyApplication> {
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
  const app = await NestFactory.create<NestFastifyApplication>(rootModule(module, service.logger), adapter, {
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
  endUsedUpConnections(app.getHttpServer());
  stopWith(service, app);
  return app;
}

function rootModule(module: unknown, logger: Logger): Type {
  @Module({
    imports: [
      module as Type | DynamicModule | ForwardReference,
      // Its middleware is bound to no route: our own hook writes one line a request for a tenth of the time.
      LoggerModule.forRoot({ pinoHttp: { logger, autoLogging: false }, forRoutes: [] }),
    ],
  })
  class HttpRootModule {}
  return HttpRootModule;
}

/**
 * Who goes on after an answer with `Connection: close`, the last of {@link SERVER_OPTIONS.maxRequestsPerSocket}, is
 * refused by Node itself, as often as he likes: no hook ever hears of it. Nothing more is read from such a connection.
 */
function endUsedUpConnections(server: Server): void {
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
    // A client that holds a half-sent request would otherwise keep the server open for as long as it likes.
    signal.addEventListener('abort', () => server.closeAllConnections(), { once: true });
    await closed;
    clearInterval(sweep);
  });
  service.onStop('connections', 'http', () => app.close());
}
