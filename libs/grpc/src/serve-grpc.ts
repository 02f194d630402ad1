import type { Server, ServerOptions, ServiceDefinition } from '@grpc/grpc-js';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { Service, TlsIdentity } from '@orders/service';
import { HealthImplementation } from 'grpc-health-check';
import { Logger, PinoLogger } from 'nestjs-pino';
import { RpcEdge } from './rpc-edge.js';
import { authorizeCalls } from './tls/authorize-calls.js';
import { type Callers, CallRules } from './tls/callers.js';
import { Refusals } from './tls/refusals.js';
import { TlsServerCredentials } from './tls/server-credentials.js';
import { watchConnections } from './tls/watch-connections.js';

export interface GrpcOptions extends Pick<ModuleMetadata, 'controllers' | 'providers'> {
  /** The server uses its logger and takes part in its stop. */
  service: Service;
  /** `host:port` to listen on. */
  address: string;
  /** The gRPC services that the controllers implement, by their full names (`orders.v1.Orders`). */
  definitions: Readonly<Record<string, ServiceDefinition>>;
  /** Who may call what; any identity may ask for the health. Not checked without `tls`. */
  callers: Callers;
  /** Mutual TLS; undefined for plaintext. */
  tls: TlsIdentity | undefined;
  /** Largest message that the server accepts, in bytes. */
  maxMessageBytes: number;
}

/**
 * Options of a server. It detects a peer that vanished within 15 s. It renews connections after 3 s, since a client asks
 * DNS for new replicas only when a connection ends; calls in progress have 30 s to end.
 */
export const SERVER_CHANNEL_OPTIONS: ServerOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_connection_age_ms': 3_000,
  'grpc.max_connection_age_grace_ms': 30_000,
};

/**
 * Serves the gRPC services and grpc.health.v1 until the service stops; calls in progress are drained then.
 *
 * @throws when the address cannot be used
 */
export async function serveGrpc(options: GrpcOptions): Promise<void> {
  const { service, address, definitions } = options;
  const names = ['', ...Object.keys(definitions)];
  const health = new HealthImplementation(Object.fromEntries(names.map((name) => [name, 'NOT_SERVING'])));
  const setHealth = (status: 'SERVING' | 'NOT_SERVING') =>
    names.forEach((name) => health.setStatus(name, status));

  const refusals = new Refusals(service.logger);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(moduleOf(options), {
    transport: Transport.GRPC,
    logger: new Logger(new PinoLogger({ pinoHttp: { logger: service.logger } }), {}),
    options: {
      url: address,
      package: packagesOf(definitions),
      packageDefinition: { ...definitions },
      ...security(options, refusals),
      gracefulShutdown: true,
      onLoadPackageDefinition: (_definition: unknown, server: Server) => {
        health.addToServer(server);
        watchConnections(server, refusals);
      },
    },
  });
  const edge = new RpcEdge(service.logger);
  app.useGlobalInterceptors(edge);
  app.useGlobalFilters(edge);
  await app.listen();
  setHealth('SERVING');
  let closed: Promise<void> | undefined;
  service.onStop('intake', 'grpc', async () => {
    setHealth('NOT_SERVING');
    closed = app.close();
  });
  service.onStop('drain', 'grpc', async () => closed);
}

/** Each once: Nest adds the services of a package as often as it is named. */
function packagesOf(definitions: GrpcOptions['definitions']): string[] {
  return [...new Set(Object.keys(definitions).map((name) => name.slice(0, name.lastIndexOf('.'))))];
}

/** The options of Nest about who may connect, and what it may call and send. */
function security({ tls, callers, maxMessageBytes }: GrpcOptions, refusals: Refusals) {
  const channelOptions = { ...SERVER_CHANNEL_OPTIONS, 'grpc.max_receive_message_length': maxMessageBytes };
  if (!tls) return { channelOptions };
  const interceptors = [authorizeCalls(new CallRules(callers), refusals)];
  return { channelOptions: { ...channelOptions, interceptors }, credentials: new TlsServerCredentials(tls) };
}

function moduleOf({ controllers = [], providers = [] }: GrpcOptions) {
  @Module({ controllers, providers })
  class GrpcModule {}
  return GrpcModule;
}
