import { ordersCanceled, ordersCreated } from '@orders/events';
import { CONSUMER_RIGHTS, DEAD_LETTER_RIGHTS, eventHandler, handlersFor, inboxConfig } from '@orders/inbox';
import { natsConfig, oneNatsUser } from '@orders/messaging';
import { databaseConfig, postgresOptions, type PostgresSettings, type RoleRights } from '@orders/postgres';
import { baseConfig, port, tlsConfig } from '@orders/service';
import { DataSource } from 'typeorm';
import declaration from '../app.json' with { type: 'json' };
import { Shipments1763800000001 } from './migrations/0001-shipments.js';
import { MissingBefore1764500000001 } from './migrations/0002-missing-before.js';
import { applyOrderEvents, ShipmentEntity } from './shipments/shipments.repository.js';

// The parts of this app; main.ts, migrate.ts and cli.ts run them.
export const { name } = declaration;

/** Everything that this app reads from its environment. */
export const configSchema = baseConfig
  .extend({
    PORT: port(declaration.ports.http),
    GRPC_PORT: port(declaration.ports.grpc),
    MANAGEMENT_PORT: port(declaration.ports.management),
    ...databaseConfig,
    ...inboxConfig,
    ...natsConfig,
    ...tlsConfig,
  })
  .superRefine(oneNatsUser);

/** The database of this app, not connected yet. Only migrations change its schema. */
export function dataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [ShipmentEntity],
    migrations: [Shipments1763800000001, MissingBefore1764500000001],
  });
}

/** What an event does to the tables of this app. */
const effect = { shipments: ['SELECT', 'INSERT', 'UPDATE'] } as const;

/** What each role of this app does; the owner of the tables runs the migrations. */
export const roles = {
  app: { ...CONSUMER_RIGHTS, ...effect },
  operator: { ...DEAD_LETTER_RIGHTS, ...effect },
} as const satisfies RoleRights;

/** One handler for each type of event that this app consumes. */
export const handlers = handlersFor(declaration.consumes, [
  eventHandler({
    contract: ordersCreated,
    handle: (tx, events) => applyOrderEvents(tx, events, 'PLANNED'),
  }),
  eventHandler({
    contract: ordersCanceled,
    handle: (tx, events) => applyOrderEvents(tx, events, 'CANCELED'),
  }),
]);
