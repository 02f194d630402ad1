import { postgresOptions, type PostgresSettings } from '@orders/postgres';
import { OrderEntity } from '../orders/order.entity.js';
import { Orders1763800000001 } from './migrations/0001-orders.js';
import { OutboxWithoutNotify1764000000001 } from './migrations/0002-outbox-without-notify.js';
import { DataSource } from 'typeorm';

/** The orders database. Not connected yet; the schema is made by the migrations alone. */
export function ordersDataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [OrderEntity],
    migrations: [Orders1763800000001, OutboxWithoutNotify1764000000001],
  });
}
