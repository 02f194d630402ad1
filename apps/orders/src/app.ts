import { natsConfig, oneNatsUser, streamConfig } from '@orders/messaging';
import { APPEND_RIGHTS, RELAY_RIGHTS, REPLAY_RIGHTS } from '@orders/outbox';
import {
  databaseConfig,
  databaseUrl,
  postgresOptions,
  type PostgresSettings,
  type RoleRights,
} from '@orders/postgres';
import { baseConfig, type loadConfig, port, tlsConfig } from '@orders/service';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import declaration from '../app.json' with { type: 'json' };
import { Orders1763800000001 } from './migrations/0001-orders.js';
import { OutboxWithoutNotify1764000000001 } from './migrations/0002-outbox-without-notify.js';
import { OutboxStreamLosses1764500000001 } from './migrations/0003-outbox-stream-losses.js';
import { OutboxCopies1764600000001 } from './migrations/0004-outbox-copies.js';
import { OutboxOwner1764700000001 } from './migrations/0005-outbox-owner.js';
import { OrderEntity } from './orders/order.entity.js';

// The parts of this app; main.ts, migrate.ts and cli.ts run them.
export const { name, publishes: events } = declaration;

const common = baseConfig.extend({
  GRPC_PORT: port(declaration.ports.grpc),
  MANAGEMENT_PORT: port(declaration.ports.management),
  ...tlsConfig,
});

/** Everything that this app reads from its environment. */
export const configSchema = z.preprocess(
  (env: object) => ({ STORAGE: 'postgres', ...env }),
  // Not in the union: while STORAGE is wrong, a union reports that problem alone.
  z.intersection(
    common,
    z.discriminatedUnion('STORAGE', [
      z
        .object({
          STORAGE: z.literal('postgres'),
          ...databaseConfig,
          // For a relay with a role of its own. Default: DATABASE_URL, whose role then needs the relay's rights too.
          RELAY_DATABASE_URL: databaseUrl('RELAY_DATABASE_URL').optional(),
          ...natsConfig,
          ...streamConfig,
        })
        .superRefine(oneNatsUser),
      /** Orders are lost with the process and no event is published: for tests, or to try the app without servers. */
      z.object({ STORAGE: z.literal('memory') }),
    ]),
  ),
);

export type OrdersConfig = ReturnType<typeof loadConfig<z.output<typeof configSchema>>>;

/** The database of this app, not connected yet. Only migrations change its schema. */
export function dataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [OrderEntity],
    migrations: [
      Orders1763800000001,
      OutboxWithoutNotify1764000000001,
      OutboxStreamLosses1764500000001,
      OutboxCopies1764600000001,
      OutboxOwner1764700000001,
    ],
  });
}

/** What each role of this app does; the owner of the tables runs the migrations. */
export const roles = {
  app: { orders: ['SELECT', 'INSERT', 'UPDATE (status, version)'], ...APPEND_RIGHTS },
  relay: RELAY_RIGHTS,
  operator: REPLAY_RIGHTS,
} as const satisfies RoleRights;
