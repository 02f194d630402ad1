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

/** Where orders and their effects are, with the column that holds the order's id. */
const ORDERS = { database: 'orders', table: 'orders', id: 'id' } as const;
const EFFECTS = { database: 'fulfillment', table: 'shipments', id: 'order_id' } as const;
type Place = typeof ORDERS | typeof EFFECTS;

/** Nothing having moved for so long, what is missing is missing. */
const PATIENCE_MS = 30_000;

/** An id that is below those of all orders to come: they are UUIDv7, made on the same clock. */
export async function idOfNow(sut: SystemUnderLoad): Promise<string> {
  const [row] = await rowsOf<{ id: string }>(sut.databaseUrl('orders'), 'SELECT uuidv7() AS id');
  return row!.id;
}

/** Waits until every order made since has had its effect, or nothing moves any more. What was cut off may still commit. */
export async function settled(sut: SystemUnderLoad, since: string, signal: AbortSignal): Promise<Counts> {
  let counts: Counts = { orders: 0, effects: 0 };
  let movedAt = performance.now();
  for (;;) {
    const orders = await countSince(sut, ORDERS, since);
    const effects = await countSince(sut, EFFECTS, since);
    const moved = orders !== counts.orders || effects !== counts.effects;
    counts = { orders, effects };
    if (moved) movedAt = performance.now();
    else if (orders === effects || performance.now() - movedAt > PATIENCE_MS) return counts;
    await delay(250, undefined, { signal });
  }
}

/**
 * From the commit of an order to the commit of its effect, by the one clock of the server that holds both databases.
 * A commit is stamped just before it is flushed: the order's flush is in it, the effect's is not.
 */
export async function eventLag(sut: SystemUnderLoad, since: string): Promise<Lag> {
  const orders = new Map((await commits(sut, ORDERS, since)).map(({ id, ms }) => [id, ms]));
  const effects = await commits(sut, EFFECTS, since);
  const lags = effects.map(({ id, ms }) => ms - (orders.get(id) ?? NaN)).sort((a, b) => a - b);
  return { p50Ms: percentile(lags, 0.5), p99Ms: percentile(lags, 0.99) };
}

async function countSince(
  sut: SystemUnderLoad,
  { database, table, id }: Place,
  since: string,
): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM ${table} WHERE ${id} > $1`;
  const [row] = await rowsOf<{ count: number }>(sut.databaseUrl(database), sql, [since]);
  return row!.count;
}

function commits(sut: SystemUnderLoad, { database, table, id }: Place, since: string) {
  const sql = `
    SELECT ${id} AS id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 * 1000 AS ms
    FROM ${table} WHERE ${id} > $1`;
  return rowsOf<{ id: string; ms: number }>(sut.databaseUrl(database), sql, [since]);
}
