import type { OrderStatus } from '@orders/contracts';
import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import type { Order, OrderItem } from './order.js';

/** The driver returns bigint as text, since it may not fit a number; CHECK total_cents makes sure that ours does. */
const cents: ValueTransformer = { from: Number, to: (value: number) => value };

@Entity({ name: 'orders' })
export class OrderEntity implements Order {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'customer_id' })
  customerId!: string;

  @Column('text', { name: 'idempotency_key', select: false })
  idempotencyKey!: string;

  @Column('bytea', { name: 'request_hash', select: false })
  requestHash!: Buffer;

  @Column('jsonb')
  items!: OrderItem[];

  @Column('bigint', { name: 'total_cents', transformer: cents })
  totalCents!: number;

  @Column('text')
  status!: OrderStatus;

  @Column('integer')
  version!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
