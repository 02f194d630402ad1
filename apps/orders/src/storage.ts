import { MemoryBus, streamSettings } from '@orders/messaging';
import { startOutbox } from '@orders/outbox';
import { bothRights, openDatabase } from '@orders/postgres';
import type { Service, TlsIdentity } from '@orders/service';
import { dataSource, events, type OrdersConfig, roles } from './app.js';
import { OrderHistoryRepository } from './history/order-history.repository.js';
import { MemoryOrdersRepository } from './orders/memory-orders.repository.js';
import type { OrdersRepository } from './orders/orders.repository.js';
import { PostgresOrdersRepository } from './orders/postgres-orders.repository.js';

/** The relay reads, notifies, maintains its log and is measured at the same time. Operators take turns with it. */
const RELAY_POOL_MAX = 4;

/** Where the orders are, and what is recorded of them; in memory there is no history. */
export interface Storage {
  readonly repository: OrdersRepository;
  readonly history?: OrderHistoryRepository;
}

/** Opens the storage that the config selects; with Postgres it also starts the outbox relay. */
export async function openStorage(
  config: OrdersConfig,
  service: Service,
  tls?: TlsIdentity,
): Promise<Storage> {
  if (config.storage === 'memory') return { repository: new MemoryOrdersRepository(new MemoryBus()) };
  const { databaseUrl: url, relayDatabaseUrl, postgresDurability: durability } = config;
  const database = dataSource({ url, tls, poolMax: config.databasePoolMax, applicationName: service.name });
  const rights = relayDatabaseUrl ? roles.app : bothRights(roles.app, roles.relay);
  await openDatabase(database, service, { durability, rights });
  const relaySettings = { tls, poolMax: RELAY_POOL_MAX, applicationName: `${service.name}-relay` };
  const ownDatabase = relayDatabaseUrl && dataSource({ url: relayDatabaseUrl, ...relaySettings });
  if (ownDatabase)
    await openDatabase(ownDatabase, service, { check: 'postgres-relay', durability, rights: roles.relay });
  const { directDatabaseUrl = relayDatabaseUrl ?? url } = config;
  const { relay, history } = startOutbox({
    ...{ service, database: ownDatabase ?? database, databaseUrl: directDatabaseUrl, tls },
    ...{ nats: config, events },
    streamSettings: streamSettings(config),
  });
  return {
    repository: new PostgresOrdersRepository(database, () => relay.appended()),
    history: new OrderHistoryRepository(database, history),
  };
}
