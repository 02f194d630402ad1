import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every source that a crash point or a mutant changes: when one moves, only this list changes. */
export const SOURCES = {
  batchedCall: 'libs/grpc/src/batched-call.ts',
  channelCredentials: 'libs/grpc/src/tls/channel-credentials.ts',
  gatewayController: 'apps/gateway/src/orders/orders.controller.ts',
  ordersMigration: 'apps/orders/src/migrations/0001-orders.ts',
  ordersRepository: 'apps/orders/src/orders/postgres-orders.repository.ts',
  ordersService: 'apps/orders/src/orders/orders.service.ts',
  domainErrors: 'libs/postgres/src/with-domain-errors.ts',
  within: 'libs/postgres/src/within.ts',
  postgres: 'libs/postgres/src/postgres.ts',
  postgresConnection: 'libs/postgres/src/prepare-connection.ts',
  replicatedCommits: 'libs/postgres/src/replicated-commits.ts',
  relay: 'libs/outbox/src/relay.ts',
  outboxLog: 'libs/outbox/src/outbox-log.ts',
  streamLosses: 'libs/outbox/src/stream-losses.ts',
  stream: 'libs/messaging/src/jetstream/stream-settings.ts',
  durable: 'libs/messaging/src/jetstream/durable-consumer.ts',
  startConsumer: 'libs/inbox/src/start-consumer.ts',
  inboxConsumer: 'libs/inbox/src/inbox-consumer.ts',
  inboxHandlers: 'libs/inbox/src/inbox-handlers.ts',
  failure: 'libs/inbox/src/failure.ts',
  inbox: 'libs/inbox/src/inbox.ts',
} as const;

/** @throws Error that names this list when the file does not exist */
export function readSource(root: string, file: string): string {
  const path = join(root, file);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  throw new Error(
    `${file} is to be patched but does not exist: correct its path in tools/prove/src/prove-build/sources.ts`,
  );
}
