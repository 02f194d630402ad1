import {
  type EventContract,
  ORDERS_SOURCE,
  ordersCanceled,
  ordersCreated,
  type OrderSnapshot,
} from '@orders/events';
import { type Message, toMessage } from '@orders/messaging';
import { randomUUIDv7 } from 'node:crypto';
import type { Order, OrderItem } from './order.js';

/** The request that caused a change; its event carries this to every consumer. */
export interface Origin {
  readonly traceparent: string;
  readonly correlationId: string;
}

export function orderCreated(order: Order, origin: Origin): Message {
  return orderEvent(ordersCreated, order, { time: order.createdAt, ...origin });
}

export function orderCanceled(order: Order, now: Date, origin: Origin): Message {
  return orderEvent(ordersCanceled, order, { time: now, ...origin });
}

function orderEvent(
  { type, dataschema }: EventContract<OrderSnapshot>,
  order: Order,
  circumstances: Origin & { time: Date },
): Message {
  const context = {
    id: randomUUIDv7(),
    source: ORDERS_SOURCE,
    type,
    subject: order.id,
    dataschema,
    sequence: order.version,
    ...circumstances,
  };
  return toMessage(context, snapshotOf(order));
}

/** T with every optional field required as a key, so that code which builds one cannot forget a field. */
type Complete<T> = { [Field in keyof Required<T>]: T[Field] };

/** Built field by field, so that exactly the fields of the schema are published. */
function snapshotOf(order: Order): Complete<OrderSnapshot> {
  return {
    id: order.id,
    customerId: order.customerId,
    items: order.items.map(snapshotOfItem),
    totalCents: order.totalCents,
    status: order.status,
    createdAt: order.createdAt.toISOString(),
    version: order.version,
  };
}

function snapshotOfItem({ sku, quantity, priceCents }: OrderItem): Complete<OrderSnapshot['items'][number]> {
  return { sku, quantity, priceCents };
}
