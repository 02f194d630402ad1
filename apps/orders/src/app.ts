import { natsConfig } from '@orders/messaging';
import { databaseConfig, postgresOptions, type PostgresSettings } from '@orders/postgres';
import { baseConfig, type loadConfig, port } from '@orders/service';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import declaration from '../app.json' with { type: 'json' };
import { Orders1763800000001 } from './migrations/0001-orders.js';
import { OutboxWithoutNotify1764000000001 } from './migrations/0002-outbox-without-notify.js';
import { OrderEntity } from './orders/order.entity.js';

// What this app is made of; main, migrate and cli put it to work.
export const { name, publishes: events } = declaration;

const common = baseConfig.extend({
  GRPC_PORT: port(declaration.ports.grpc),
  MANAGEMENT_PORT: port(declaration.ports.management),
});

/** Everything that it reads from its environment. */
export const configSchema = z.preprocess(
  (env: object) => ({ STORAGE: 'postgres', ...env }),
  // `common` is not in the union, which says nothing else while STORAGE is wrong.
  z.intersection(
    common,
    z.discriminatedUnion('STORAGE', [
      z.object({ STORAGE: z.literal('postgres'), ...databaseConfig, ...natsConfig }),
      /** Nothing is kept and no event is published: for tests and for a first look without a server. */
      z.object({ STORAGE: z.literal('memory') }),
    ]),
  ),
);

export type OrdersConfig = ReturnType<typeof loadConfig<z.output<typeof configSchema>>>;

/** Its database, not connected yet; the migrations alone make the schema. */
export function dataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [OrderEntity],
    migrations: [Orders1763800000001, OutboxWithoutNotify1764000000001],
  });
}
