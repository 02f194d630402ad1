import { setTimeout as delay } from 'node:timers/promises';
import { rowsOf } from './database.ts';
import { percentile } from './percentile.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

export interface Counts {
  orders: number;
  effects: number;
}

export interface Lag {
  p50Ms: number;
  p99Ms: number;
}

/** Nothing having moved for so long, what is missing is missing. */
const PATIENCE_MS = 30_000;

const COUNT = (table: string): string =>
  `SELECT count(*)::int AS count FROM ${table} WHERE starts_with(customer_id, $1)`;

/** When the transaction that wrote the row committed. */
const COMMITTED = (table: string, id: string): string => `
  SELECT ${id} AS id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS ms
  FROM ${table} WHERE starts_with(customer_id, $1)`;

/** Waits until every order of these customers has had its effect, or nothing moves any more. */
export async function settled(sut: SystemUnderLoad, prefix: string, signal: AbortSignal): Promise<Counts> {
  const count = async (database: string, table: string): Promise<number> => {
    const [row] = await rowsOf<{ count: number }>(sut.databaseUrl(database), COUNT(table), [prefix]);
    return row?.count ?? 0;
  };
  const orders = await count('orders', 'orders');
  let effects = 0;
  let movedAt = performance.now();
  while (performance.now() - movedAt < PATIENCE_MS) {
    const now = await count('fulfillment', 'shipments');
    if (now !== effects) movedAt = performance.now();
    effects = now;
    if (effects === orders) break;
    await delay(250, undefined, { signal });
  }
  return { orders, effects };
}

/**
 * From the commit of an order to the commit of its effect, by the one clock of the server that holds both databases.
 * A commit is stamped just before it is flushed: the order's flush is in it, the effect's is not.
 */
export async function eventLag(sut: SystemUnderLoad, prefix: string): Promise<Lag> {
  const committed = (database: string, table: string, id: string) =>
    rowsOf<{ id: string; ms: number }>(sut.databaseUrl(database), COMMITTED(table, id), [prefix]);
  const orders = new Map((await committed('orders', 'orders', 'id')).map(({ id, ms }) => [id, ms]));
  const effects = await committed('fulfillment', 'shipments', 'order_id');
  const lags = effects.map(({ id, ms }) => ms - (orders.get(id) ?? NaN)).sort((a, b) => a - b);
  return { p50Ms: percentile(lags, 0.5), p99Ms: percentile(lags, 0.99) };
}
