import { MemoryBus, streamSettings } from '@orders/messaging';
import { startOutbox } from '@orders/outbox';
import { openDatabase } from '@orders/postgres';
import type { Service, TlsIdentity } from '@orders/service';
import { dataSource, events, type OrdersConfig, rights } from './app.js';
import { MemoryOrdersRepository } from './orders/memory-orders.repository.js';
import type { OrdersRepository } from './orders/orders.repository.js';
import { PostgresOrdersRepository } from './orders/postgres-orders.repository.js';

/** Opens the repository that the config selects; with Postgres it also starts the outbox relay. */
export async function openStorage(
  config: OrdersConfig,
  service: Service,
  tls?: TlsIdentity,
): Promise<OrdersRepository> {
  if (config.storage === 'memory') return new MemoryOrdersRepository(new MemoryBus());
  const database = dataSource({
    url: config.databaseUrl,
    tls,
    poolMax: config.databasePoolMax,
    applicationName: service.name,
  });
  await openDatabase(database, service, { durability: config.postgresDurability, rights });
  const { directDatabaseUrl = config.databaseUrl } = config;
  const relay = startOutbox({
    ...{ service, database, databaseUrl: directDatabaseUrl, nats: config, tls, events },
    streamSettings: streamSettings(config),
  });
  return new PostgresOrdersRepository(database, () => relay.appended());
}
