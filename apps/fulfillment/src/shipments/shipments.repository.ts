import type { OrderSnapshot } from '@orders/events';
import type { SequenceGap } from '@orders/inbox';
import type { ReceivedEvent } from '@orders/messaging';
import {
  type Queryable,
  type Column as InputColumn,
  columnsOf,
  rowsFrom,
  withDomainErrors,
} from '@orders/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

export type ShipmentStatus = 'PLANNED' | 'CANCELED';

/** What is to be sent for one order. */
@Entity({ name: 'shipments' })
export class ShipmentEntity {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('text', { name: 'customer_id' })
  customerId!: string;

  @Column('jsonb')
  items!: { sku: string; quantity: number; priceCents: number }[];

  @Column('integer')
  units!: number;

  /** The driver returns bigint as text. The cents of an order always fit a number. */
  @Column('bigint', { name: 'total_cents', transformer: { from: Number, to: (value: number) => value } })
  totalCents!: number;

  @Column('text')
  status!: ShipmentStatus;

  @Column('integer')
  sequence!: number;

  @Column('integer', { name: 'events_applied' })
  eventsApplied!: number;

  @Column('timestamptz', { name: 'planned_at' })
  plannedAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

const COLUMNS: readonly InputColumn<ReceivedEvent<OrderSnapshot>>[] = [
  { name: 'order_id', type: 'uuid', of: ({ data }) => data.id },
  { name: 'customer_id', type: 'text', of: ({ data }) => data.customerId },
  { name: 'items', type: 'jsonb', of: ({ data }) => JSON.stringify(data.items) },
  { name: 'units', type: 'integer', of: ({ data }) => unitsOf(data) },
  { name: 'total_cents', type: 'bigint', of: ({ data }) => data.totalCents },
  { name: 'sequence', type: 'integer', of: ({ sequence }) => sequence },
];

/**
 * An event with a higher sequence than the stored one sets the status; a late event is only counted. Sequences have no
 * gaps and each event is applied once, so the number of missing events is the highest sequence minus `events_applied`.
 */
const APPLY = `
  WITH applied AS (
    INSERT INTO shipments (order_id, customer_id, items, units, total_cents, sequence, status)
    SELECT *, $${COLUMNS.length + 1} FROM ${rowsFrom(COLUMNS, 'event')}
    ORDER BY order_id
    ON CONFLICT (order_id) DO UPDATE SET
      status = CASE WHEN excluded.sequence > shipments.sequence THEN excluded.status ELSE shipments.status END,
      sequence = greatest(excluded.sequence, shipments.sequence),
      events_applied = shipments.events_applied + 1,
      missing_before = shipments.sequence - shipments.events_applied,
      updated_at = now()
    RETURNING order_id AS subject, sequence, sequence - events_applied AS missing, missing_before
  )
  SELECT subject, sequence, missing FROM applied
  WHERE missing > missing_before OR (missing = 0 AND missing_before > 0)`;

export class ShipmentsRepository {
  constructor(private readonly db: DataSource) {}

  /** @throws {DomainError} unavailable, while the database cannot answer */
  async find(orderId: string): Promise<ShipmentEntity | undefined> {
    const find = () => this.db.manager.findOneBy(ShipmentEntity, { orderId });
    return (await withDomainErrors(find)) ?? undefined;
  }
}

/** Applies events, at most one of each order, in any order of arrival. Returns the sequence gaps that have changed. */
export async function applyOrderEvents(
  tx: Queryable,
  events: readonly ReceivedEvent<OrderSnapshot>[],
  status: ShipmentStatus,
): Promise<readonly SequenceGap[]> {
  return tx.query<SequenceGap[]>(APPLY, [...columnsOf(COLUMNS, events), status]);
}

function unitsOf({ items }: OrderSnapshot): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0);
}
