import type { Server, ServerOptions } from '@grpc/grpc-js';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { ordersV1 } from '@orders/contracts';
import { RpcEdge } from '@orders/grpc';
import type { Service } from '@orders/service';
import { AppModule } from './app.module.js';
import type { OrdersRepository } from './orders/orders.repository.js';
import { HealthImplementation } from 'grpc-health-check';
import { Logger, PinoLogger } from 'nestjs-pino';

/** A peer that vanished is noticed, and connections are renewed so that clients find new replicas. */
const CHANNEL_OPTIONS: ServerOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.max_connection_age_ms': 5 * 60_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  // 500 orders of 100 items.
  'grpc.max_receive_message_length': 8 * 1_024 * 1_024,
};

/** Serves orders.v1 and grpc.health.v1 until the service stops. */
export async function serveGrpc(service: Service, repository: OrdersRepository, url: string): Promise<void> {
  const health = new HealthImplementation({ '': 'NOT_SERVING', 'orders.v1.Orders': 'NOT_SERVING' });
  const setHealth = (status: 'SERVING' | 'NOT_SERVING') =>
    ['', 'orders.v1.Orders'].forEach((name) => health.setStatus(name, status));

  const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule.with(repository), {
    transport: Transport.GRPC,
    logger: new Logger(new PinoLogger({ pinoHttp: { logger: service.logger } }), {}),
    options: {
      url,
      package: 'orders.v1',
      packageDefinition: { 'orders.v1.Orders': ordersV1.OrdersService },
      channelOptions: CHANNEL_OPTIONS,
      gracefulShutdown: true,
      onLoadPackageDefinition: (_definition: unknown, server: Server) => health.addToServer(server),
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
