import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every source that a crash point or a mutant changes: when one moves, its new path is written here alone. */
export const SOURCES = {
  gatewayClient: 'apps/gateway/src/orders/orders.client.ts',
  gatewayController: 'apps/gateway/src/orders/orders.controller.ts',
  ordersMigration: 'apps/orders/src/database/migrations/0001-orders.ts',
  ordersRepository: 'apps/orders/src/orders/postgres-orders.repository.ts',
  ordersService: 'apps/orders/src/orders/orders.service.ts',
  within: 'apps/orders/src/database/within.ts',
  postgres: 'libs/service/src/postgres.ts',
  relay: 'libs/messaging/src/outbox/relay.ts',
  outboxLog: 'libs/messaging/src/outbox/outbox-log.ts',
  stream: 'libs/messaging/src/jetstream/stream.ts',
  durable: 'libs/messaging/src/jetstream/durable-consumer.ts',
  startConsumer: 'apps/fulfillment/src/consumer.ts',
  inboxConsumer: 'libs/messaging/src/consumer/inbox-consumer.ts',
  inboxHandlers: 'libs/messaging/src/consumer/inbox-handlers.ts',
  inbox: 'libs/messaging/src/inbox/inbox.ts',
} as const;

/** @throws Error that says where its path is written when it is not there */
export function readSource(root: string, file: string): string {
  const path = join(root, file);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new Error(
    `${file} is to be patched and is not there: tools/prove/src/prove-build/sources.ts says where it was`,
  );
}
