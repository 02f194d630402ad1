import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CONSUMERS, type Lag, type PerConsumer } from './consumers.ts';
import { rowsOf } from './database.ts';
import { percentile } from './percentile.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** The app that stores the orders of every load. */
export const STORE = 'orders';

/** A table of orders or of their effects, with the column of the order's id. */
interface Place {
  database: string;
  table: string;
  id: string;
}
const ORDERS: Place = { database: STORE, table: 'orders', id: 'id' };

/** The table of every consumer that declares one. */
const EFFECTS: readonly Place[] = CONSUMERS.flatMap(({ name, table }) =>
  table === undefined ? [] : [{ database: name, table, id: 'order_id' }],
);

/** After this long without a change, what is missing counts as lost. */
const PATIENCE_MS = 30_000;

/** An id below those of all later orders: they are UUIDv7 of the same clock. */
export function idOfNow(): string {
  return randomUUIDv7();
}

/**
 * Waits until every order stored since has its effects, or nothing has changed for 30 s. An order may still commit after its
 * request was cut off.
 */
export async function settled(
  sut: SystemUnderLoad,
  since: string,
  signal: AbortSignal,
): Promise<{ orders: number; effects: PerConsumer<number> }> {
  let before = '';
  let movedAt = performance.now();
  for (;;) {
    const orders = await countSince(sut, ORDERS, since);
    const effects: PerConsumer<number> = {};
    for (const place of EFFECTS) effects[place.database] = await countSince(sut, place, since);
    const now = JSON.stringify([orders, effects]);
    const isComplete = Object.values(effects).every((count) => count === orders);
    if (now !== before) movedAt = performance.now();
    else if (isComplete || performance.now() - movedAt > PATIENCE_MS) return { orders, effects };
    before = now;
    await delay(250, undefined, { signal });
  }
}

/**
 * Measures the time from the commit of an order to the commit of its effect. One server holds all databases, so one clock
 * gives both times. Postgres takes the time just before it flushes a commit: the lag includes the order's flush, not the
 * effect's.
 */
export async function eventLags(sut: SystemUnderLoad, since: string): Promise<PerConsumer<Lag>> {
  const orders = new Map((await commits(sut, ORDERS, since)).map(({ id, ms }) => [id, ms]));
  const found: PerConsumer<Lag> = {};
  for (const place of EFFECTS) {
    const effects = await commits(sut, place, since);
    const lags = effects.map(({ id, ms }) => ms - (orders.get(id) ?? NaN)).sort((a, b) => a - b);
    found[place.database] = { p50Ms: percentile(lags, 0.5), p99Ms: percentile(lags, 0.99) };
  }
  return found;
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
