import { postgresOptions, type PostgresSettings } from '@orders/postgres';
import { ShipmentEntity } from '../shipments/shipment.entity.js';
import { Shipments1763800000001 } from './migrations/0001-shipments.js';
import { DataSource } from 'typeorm';

/** The fulfillment database. Not connected yet; the schema is made by the migrations alone. */
export function fulfillmentDataSource(settings: PostgresSettings): DataSource {
  return new DataSource({
    ...postgresOptions(settings),
    entities: [ShipmentEntity],
    migrations: [Shipments1763800000001],
  });
}
