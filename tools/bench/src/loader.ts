import { randomUUID } from 'node:crypto';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { APPS } from '@orders/dev/stack/declarations';
import { of } from '@orders/dev/stack/wiring';
import type { Bench } from './bench.ts';
import { CONSUMERS } from './consumers.ts';
import { rowsOf } from './database.ts';
import { idOfNow, settled, STORE } from './effects.ts';
import { ORDER } from './load/requests.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** Rows written by one statement. */
const CHUNK = 50_000;
const MANY_CUSTOMERS = 10_000;

/** Orders number `$1` to `$2` of `$4` customers. Each is made from its number alone: every database gets the same ones. */
const ORDERS = `
  SELECT n, 'customer-' || n % $4::int AS customer_id, 1264 AS total_cents, stored_at,
         (ms || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid AS id,
         (ms || '7' || lpad(to_hex(n % 4096), 3, '0') || '9' || lpad(to_hex(n), 15, '0'))::uuid AS event_id,
         '[{"sku":"apple","quantity":3,"priceCents":250},{"sku":"pear","quantity":1,"priceCents":199},{"sku":"plum","quantity":9,"priceCents":35}]' AS items
  FROM generate_series($1::int, $2::int) AS n,
       LATERAL (SELECT $3::timestamptz - interval '1 s' + n * interval '1 us' AS stored_at) AS t,
       LATERAL (SELECT lpad(to_hex((extract(epoch FROM stored_at) * 1000)::bigint), 12, '0') AS ms) AS i`;

/** Stores orders and their events as the orders service does. */
const INTO_ORDERS = `
  WITH new AS MATERIALIZED (${ORDERS}), stored AS (
    INSERT INTO orders (id, customer_id, idempotency_key, request_hash, items, total_cents, status, version, created_at)
    SELECT id, customer_id, 'stored-' || n, sha256(n::text::bytea), items::jsonb, total_cents, 'CREATED', 1, stored_at
    FROM new
  )
  INSERT INTO outbox (event_id, subject, headers, body)
  SELECT event_id, 'orders.created',
         json_build_object(
           'ce-specversion', '1.0', 'ce-id', event_id, 'ce-source', 'urn:service:orders', 'ce-type', 'orders.created',
           'ce-subject', id, 'ce-time', to_json(stored_at), 'ce-dataschema', 'urn:schema:orders.created:v1',
           'ce-datacontenttype', 'application/json', 'ce-sequence', '0000000001', 'ce-partitionkey', id,
           'ce-correlationid', 'stored', 'traceparent', '00-' || md5(n::text) || '-0123456789abcdef-00'),
         json_build_object(
           'id', id, 'customerId', customer_id, 'items', items::json, 'totalCents', total_cents, 'status', 'CREATED',
           'createdAt', to_char(stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'version', 1)
  FROM new ORDER BY n`;

const INTO_INBOX = `
  INSERT INTO inbox (consumer, event_id) SELECT current_database(), event_id FROM (${ORDERS}) AS new`;

/** Copies the effect of an order that the consumer has applied, with another order id and customer. */
function intoEffects(table: string): string {
  return `
    INSERT INTO ${table}
    SELECT made.*
    FROM (${ORDERS}) AS new, (SELECT effect FROM ${table} AS effect LIMIT 1) AS one,
         jsonb_populate_record(effect, jsonb_build_object('order_id', id, 'customer_id', customer_id)) AS made`;
}

/**
 * Moves the relay's cursor past all events. The cursor names no sequence of the stream: the relay would not find the event
 * there, and would publish all of them again.
 */
const PASS_ALL = `
  UPDATE outbox_cursor SET (tx, position, stream_sequence) =
    (SELECT tx, position, 0 FROM outbox ORDER BY tx DESC, position DESC LIMIT 1)`;

export interface Stored {
  /** Number of orders that earlier calls have stored. */
  from: number;
  to: number;
  /** Also store the effects and move the relay's cursor past all events, as if all had happened long ago. */
  withEffects: boolean;
  /** Default: 10,000, `customer-0` and so on. */
  customers?: number;
}

/** How long it took to store orders, in seconds. */
export interface Storing {
  insert: number;
  /** VACUUM ANALYZE of every database. */
  vacuum: number;
  checkpoint: number;
}

/** Stores orders by SQL as the apps would. The orders app is stopped meanwhile: its relay begins when all are stored. */
export async function store(
  bench: Bench,
  sut: SystemUnderLoad,
  { from, to, withEffects, customers = MANY_CUSTOMERS }: Stored,
): Promise<Storing> {
  if (withEffects) await bench.step('placing an order to copy', () => placeOne(sut, bench.signal));
  const orders = of(sut.system.apps, STORE);
  await orders.stop();
  const storing = await bench.step(`storing ${(to - from).toLocaleString('en')} orders`, async (step) => {
    const insert = await secondsOf(async () => {
      for (const chunk of chunksOf({ from, to, customers })) {
        bench.signal.throwIfAborted();
        await Promise.all([
          rowsOf(sut.databaseUrl(STORE), INTO_ORDERS, chunk),
          ...(withEffects ? [storeEffects(sut, chunk)] : []),
        ]);
        step.update(`${chunk[1].toLocaleString('en')} stored`);
      }
      if (withEffects) await rowsOf(sut.databaseUrl(STORE), PASS_ALL);
    });
    step.update('vacuum');
    const vacuum = await secondsOf(async () => {
      for (const { name, database } of APPS)
        if (database) await rowsOf(sut.databaseUrl(name), 'VACUUM ANALYZE');
    });
    const checkpoint = await secondsOf(() => rowsOf(sut.databaseUrl('postgres'), 'CHECKPOINT'));
    return { insert, vacuum, checkpoint };
  });
  await orders.start();
  return storing;
}

/** How long the work takes. */
export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

type Chunk = [first: number, last: number, now: Date, customers: number];

/** The parameters of each statement. */
function chunksOf({ from, to, customers = MANY_CUSTOMERS }: Omit<Stored, 'withEffects'>): Chunk[] {
  const now = new Date();
  return Array.from({ length: Math.ceil((to - from) / CHUNK) }, (_, index): Chunk => {
    const first = from + 1 + index * CHUNK;
    return [first, Math.min(first + CHUNK - 1, to), now, customers];
  });
}

/** Stores orders and their events in a database that has the orders' tables, and nothing beside them. */
export async function storeOrders({ signal, step }: Bench, url: string, orders: number): Promise<void> {
  await step(`storing ${orders.toLocaleString('en')} orders to migrate`, async (shown) => {
    for (const chunk of chunksOf({ from: 0, to: orders })) {
      signal.throwIfAborted();
      await rowsOf(url, INTO_ORDERS, chunk);
      shown.update(`${chunk[1].toLocaleString('en')} stored`);
    }
  });
}

async function storeEffects(sut: SystemUnderLoad, orders: Chunk): Promise<void> {
  for (const { name, table } of CONSUMERS) {
    await rowsOf(sut.databaseUrl(name), INTO_INBOX, orders);
    if (table !== undefined) await rowsOf(sut.databaseUrl(name), intoEffects(table), orders);
  }
}

/** Places one order. @throws Problem when a consumer shows no effect of it */
async function placeOne(sut: SystemUnderLoad, signal: AbortSignal): Promise<void> {
  const since = idOfNow();
  const [token] = await sut.tokens('customer', 1);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': randomUUID(),
  };
  const { status } = await fetch(`${sut.api}/orders`, { method: 'POST', headers, body: ORDER, signal });
  const { effects } = await settled(sut, since, signal);
  const without = Object.keys(effects).filter((name) => effects[name] !== 1);
  if (without.length > 0) throw new Problem(`An order (${status}) had no effect in ${without.join(', ')}.`);
}
