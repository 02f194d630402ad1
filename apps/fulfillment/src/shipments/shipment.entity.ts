import { Column, Entity, PrimaryColumn } from 'typeorm';

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

  /** bigint comes as text; cents of an order fit a number. */
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
