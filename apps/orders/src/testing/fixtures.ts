import { currentCaller } from '@orders/instrumentation';
import { Deadline } from '@orders/resilience';
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { requestHash } from '../orders/idempotency.js';
import { orderCanceled, orderCreated } from '../orders/order-events.js';
import { type Order, type OrderItem, placeOrder } from '../orders/order.js';
import type {
  NewOrder,
  OrderChange,
  OrderRef,
  OrdersQuery,
  OrdersRepository,
} from '../orders/orders.repository.js';
import type { Reader } from '../orders/read-batcher.js';

export const ORIGIN = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlationId: 'request-1',
};

/** A deadline of a minute, for tests that are not about deadlines. */
export const inTime = () => Deadline.withoutTimer(new AbortController().signal, 60_000);

/** A caller of its own, who waits a minute. */
export const someReader = (deadline = inTime()): Reader => ({ deadline, caller: currentCaller() });

export async function findIn(
  repository: OrdersRepository,
  which: OrderRef,
  deadline = inTime(),
): Promise<Order | undefined> {
  const [order] = await repository.findAll([which], deadline);
  return order;
}

export async function listIn(
  repository: OrdersRepository,
  query: OrdersQuery,
  deadline = inTime(),
): Promise<Order[]> {
  const [page = []] = await repository.listAll([query], deadline);
  return page;
}

export const ITEMS: readonly OrderItem[] = [
  { sku: 'apple', quantity: 3, priceCents: 250 },
  { sku: 'pear', quantity: 1, priceCents: 99 },
];

export function someNewOrder(
  overrides: Partial<{ customerId: string; key: string; items: readonly OrderItem[] }> = {},
): NewOrder {
  const { customerId = 'alice', key = randomUUID(), items = ITEMS } = overrides;
  const order = placeOrder({ id: randomUUIDv7(), customerId, items, now: new Date() });
  return { order, idempotencyKey: key, requestHash: requestHash(order), event: orderCreated(order, ORIGIN) };
}

/** The change that cancels an order, whatever its version. */
export function canceling(order: Order): OrderChange {
  const canceled: Order = { ...order, status: 'CANCELED', version: order.version + 1 };
  return { order: canceled, event: orderCanceled(canceled, new Date(), ORIGIN) };
}
