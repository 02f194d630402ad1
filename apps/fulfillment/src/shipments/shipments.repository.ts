import { Injectable } from '@nestjs/common';
import { DomainError, type OrderSnapshot } from '@orders/contracts';
import {
  isTransientDatabaseError,
  type Queryable,
  type ReceivedEvent,
  type SequenceGap,
} from '@orders/messaging';
import { DataSource } from 'typeorm';
import { ShipmentEntity, type ShipmentStatus } from './shipment.entity.js';

/**
 * An event newer than what is known decides the status; an older one that comes late only counts. Sequences have no
 * holes and each event is applied once, so what is missing is the highest sequence less the number of events.
 */
const APPLY = `
  WITH applied AS (
    INSERT INTO shipments (order_id, customer_id, items, units, total_cents, status, sequence)
    SELECT * FROM json_to_recordset($1) AS event (
      order_id uuid, customer_id text, items jsonb, units integer, total_cents bigint, status text, sequence integer)
    ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE SET
      status = CASE WHEN excluded.sequence > shipments.sequence THEN excluded.status ELSE shipments.status END,
      sequence = greatest(excluded.sequence, shipments.sequence),
      events_applied = shipments.events_applied + 1,
      updated_at = now()
    RETURNING
      new.order_id, new.sequence, new.sequence - new.events_applied AS missing,
      coalesce(old.sequence - old.events_applied, 0) AS missing_before
  )
  SELECT order_id AS subject, sequence, missing
  FROM applied
  WHERE missing > missing_before OR (missing = 0 AND missing_before > 0)`;

@Injectable()
export class ShipmentsRepository {
  constructor(private readonly db: DataSource) {}

  /** @throws {DomainError} unavailable, while the database cannot answer */
  async find(orderId: string): Promise<ShipmentEntity | undefined> {
    try {
      return (await this.db.manager.findOneBy(ShipmentEntity, { orderId })) ?? undefined;
    } catch (cause) {
      if (!isTransientDatabaseError(cause)) throw cause;
      throw new DomainError('unavailable', 'the database cannot answer now', { cause });
    }
  }
}

/** Applies events of different orders, in the transaction given, however late they come; answers gaps that changed. */
export async function applyOrderEvents(
  tx: Queryable,
  events: readonly ReceivedEvent<OrderSnapshot>[],
  status: ShipmentStatus,
): Promise<readonly SequenceGap[]> {
  const rows = events.map(({ data, sequence }) => ({
    order_id: data.id,
    customer_id: data.customerId,
    items: data.items,
    units: data.items.reduce((sum, { quantity }) => sum + quantity, 0),
    total_cents: data.totalCents,
    status,
    sequence,
  }));
  return tx.query<SequenceGap[]>(APPLY, [JSON.stringify(rows)]);
}
