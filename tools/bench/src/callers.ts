import { rowsOf } from './database.ts';
import { STORE } from './effects.ts';
import { type LoadDeclaration, readsOrders } from './load/loads.ts';
import type { Caller } from './load/requests.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** The most orders of a caller that reads choose from: all callers' together are more than a load reads. */
const READ_BY_EACH = 3_000;

/** A sample of each customer's orders, evenly over all that are stored. */
const ORDERS_OF = `
  SELECT customer, array(
           SELECT id::text FROM orders WHERE customer_id = customer ORDER BY random() LIMIT ${READ_BY_EACH}
         ) AS orders
  FROM unnest($1::text[]) AS customer`;

/** The customers of a load, with their tokens and, when the load reads, with orders of theirs. */
export async function callersOf(sut: SystemUnderLoad, load: LoadDeclaration): Promise<Caller[]> {
  const names = Array.from({ length: load.callers }, (_, number) => `customer-${number}`);
  const tokens = await sut.tokens('customer', load.callers);
  const found = readsOrders(load) ? await ordersOf(sut, names) : new Map<string, string[]>();
  return tokens.map((token, number) => ({ token, orders: found.get(names[number]!) ?? [] }));
}

async function ordersOf(sut: SystemUnderLoad, names: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await rowsOf<{ customer: string; orders: string[] }>(sut.databaseUrl(STORE), ORDERS_OF, [
    names,
  ]);
  const without = rows.filter(({ orders }) => orders.length === 0);
  if (without.length > 0)
    throw new Error(`nothing is stored for ${without.length} callers of a load that reads`);
  return new Map(rows.map(({ customer, orders }) => [customer, orders]));
}
