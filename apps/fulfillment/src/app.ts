import { ordersCanceled, ordersCreated } from '@orders/events';
import { eventHandler } from '@orders/inbox';
import { natsConfig } from '@orders/messaging';
import { databaseConfig, postgresOptions, type PostgresSettings } from '@orders/postgres';
import { baseConfig, port } from '@orders/service';
import { DataSource } from 'typeorm';
import declaration from '../app.json' with { type: 'json' };
import { Shipments1763800000001 } from './migrations/0001-shipments.js';
import { applyOrderEvents, ShipmentEntity } from './shipments/shipments.repository.js';

// What this app is made of; main, migrate and cli put it to work.
export const { name } = declaration;

/** Everything that it reads from its environment. */
export const configSchema = baseConfig.extend({
  PORT: port(declaration.ports.http),
  MANAGEMENT_PORT: port(declaration.ports.management),
  ...databaseConfig,
  ...natsConfig,
});

/** Its database, not connected yet; the migrations alone make the schema. */
export function dataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [ShipmentEntity],
    migrations: [Shipments1763800000001],
  });
}

/** What orders' events lead to here. */
export const handlers = [
  eventHandler({
    contract: ordersCreated,
    handle: (tx, events) => applyOrderEvents(tx, events, 'PLANNED'),
  }),
  eventHandler({
    contract: ordersCanceled,
    handle: (tx, events) => applyOrderEvents(tx, events, 'CANCELED'),
  }),
];
