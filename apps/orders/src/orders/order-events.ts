import {
  type EventContract,
  ORDERS_SOURCE,
  ordersCanceled,
  ordersCreated,
  type OrderSnapshot,
} from '@orders/events';
import { type Message, toMessage } from '@orders/messaging';
import { randomUUIDv7 } from 'node:crypto';
import type { Order } from './order.js';

/** Where a change comes from: carried by its event to every consumer. */
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
  const data: OrderSnapshot = {
    ...order,
    items: [...order.items],
    createdAt: order.createdAt.toISOString(),
  };
  return toMessage(context, data);
}
