import type { ordersV1 } from '@orders/rpc';
import type { Order, OrderItem } from './order.js';

/** The order as a message of orders.v1, built field by field. */
export function orderMessage(order: Order): ordersV1.Order {
  return {
    id: order.id,
    customerId: order.customerId,
    items: order.items.map(itemMessage),
    totalCents: order.totalCents,
    status: order.status,
    createdAt: order.createdAt.toISOString(),
    version: order.version,
  };
}

function itemMessage({ sku, quantity, priceCents }: OrderItem): ordersV1.Item {
  return { sku, quantity, priceCents };
}
