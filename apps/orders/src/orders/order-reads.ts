import type { Queryable } from '@orders/postgres';
import type { Order } from './order.js';
import type { OrderRef, OrdersQuery } from './orders.repository.js';

/** The SQL of each field. */
export type Selected<Row> = Readonly<Record<keyof Row, string>>;

export const ORDER_FIELDS: Selected<Order> = {
  id: 'id',
  customerId: 'customer_id',
  items: 'items',
  totalCents: 'total_cents::float8',
  status: 'status',
  createdAt: 'created_at',
  version: 'version',
};

/** The fields as a list of SELECT. */
export function selected(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([field, sql]) => `${sql} AS "${field}"`)
    .join(', ');
}

/**
 * Reads each order by its id. The condition on the id is a range with a LIMIT: a plan that was made while the table was
 * small, and is kept while it grows, walks the index too.
 */
export const FIND_ORDERS = `
  SELECT place::int AS place, ${selected({ ...ORDER_FIELDS, id: 'orders.id' })}
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (id, customer, place)
  CROSS JOIN LATERAL (SELECT * FROM orders WHERE id >= wanted.id ORDER BY id LIMIT 1) AS orders
  WHERE orders.id = wanted.id AND (customer IS NULL OR customer_id = customer)`;

/** Walks the index of a customer's newest orders for each page. A page has its rows in the order of that walk. */
export const LIST_ORDERS = `
  SELECT place::int AS place, ${selected(ORDER_FIELDS)}
  FROM unnest($1::text[], $2::uuid[], $3::int[]) WITH ORDINALITY AS page (customer, before, size, place)
  CROSS JOIN LATERAL (
    SELECT * FROM orders WHERE customer_id = customer AND id < before ORDER BY id DESC LIMIT size
  ) AS orders`;

/** No order has this id: it is no version 7. */
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** `place` is the one of its request, from 1 on. */
type Row = Order & { place: number };

/** As {@link OrdersRepository.findAll} promises. */
export async function findOrders(db: Queryable, which: readonly OrderRef[]): Promise<(Order | undefined)[]> {
  const ids = which.map(({ id }) => id);
  const customers = which.map(({ customerId = null }) => customerId);
  const found: (Order | undefined)[] = which.map(() => undefined);
  for (const { place, ...order } of await db.query<Row[]>(FIND_ORDERS, [ids, customers]))
    found[place - 1] = order;
  return found;
}

/** As {@link OrdersRepository.listAll} promises. */
export async function listOrders(db: Queryable, queries: readonly OrdersQuery[]): Promise<Order[][]> {
  const customers = queries.map(({ customerId }) => customerId);
  const befores = queries.map(({ before = AFTER_ALL }) => before);
  const sizes = queries.map(({ limit }) => limit);
  const pages: Order[][] = queries.map(() => []);
  for (const { place, ...order } of await db.query<Row[]>(LIST_ORDERS, [customers, befores, sizes]))
    pages[place - 1]?.push(order);
  return pages;
}
