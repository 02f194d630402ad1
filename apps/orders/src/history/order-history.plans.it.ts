import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SILENT } from '@orders/messaging';
import { OutboxHistory } from '@orders/outbox';
import {
  createMigratedDatabase,
  recordingStatements,
  sequentialScans,
  type Statement,
  type TestDatabase,
} from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from '../app.js';
import { inTime } from '../testing/fixtures.js';
import { BY_CUSTOMER, BY_ID, BY_KEY, OrderHistoryRepository } from './order-history.repository.js';

/** 200,000 orders of the last half hour, and the log of their events: a transaction each, and a checkpoint each second. */
const FILL = `
  WITH new AS MATERIALIZED (
    SELECT n, gen_random_uuid() AS id, now() - (200000 - n) * interval '9 ms' AS at FROM generate_series(1, 200000) AS n
  ), stored AS (
    INSERT INTO orders (id, customer_id, idempotency_key, request_hash, items, total_cents, status, version, created_at)
    SELECT id, 'customer-' || n % 1000, 'key-' || n, '\\x00', '[]', 0, 'CREATED', 1, at FROM new
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, noted_at, tx, position, stream, stream_sequence)
    SELECT 'relay', at, n::text::xid8, n, 's', n FROM new WHERE n % 111 = 0
  )
  INSERT INTO outbox (tx, position, recorded_at, event_id, subject, headers, body)
  SELECT n::text::xid8, n, at, id, 'orders.created', json_build_object('ce-subject', id), '{}' FROM new`;

let db: TestDatabase;
let dataSource: DataSource;
const statements: Statement[] = [];
let log: OutboxHistory;
let history: OrderHistoryRepository;

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase((url) =>
    openDataSource({ url: new Secret(url), poolMax: 2, applicationName: 'test' }),
  ));
  await db.query(FILL);
  await db.query(`UPDATE outbox_cursor SET tx = '200000', position = 200000, stream_sequence = 200000`);
  await db.query('ANALYZE');
  log = new OutboxHistory(recordingStatements(db, statements), { idAt: async () => undefined }, SILENT);
  history = new OrderHistoryRepository(dataSource, log);
}, 60_000);
afterAll(() => db[Symbol.asyncDispose]());

/** The order number `n`. */
async function order(n: number): Promise<{ id: string; at: Date }> {
  const [found] = await db.query<[{ id: string; at: Date }]>(
    `SELECT id, created_at AS at FROM orders WHERE (customer_id, idempotency_key) = ($1, $2)`,
    [`customer-${n % 1000}`, `key-${n}`],
  );
  return found;
}

it('finds the event of an order among 200,000 by time, and scans no table for it', async () => {
  for (const n of [1, 77_777, 200_000]) {
    const { id, at } = await order(n);
    const events = await log.eventsOf({ subject: id, events: 1, lastWriter: '3000000000', createdAt: at });
    expect(events.map(({ tx, published }) => [tx, published])).toEqual([[String(n), true]]);
    await log.sequenceOf(events[0]!, AbortSignal.timeout(10_000));
  }
  expect(statements.length).toBe(3 * 5);
  expect(await sequentialScans(db, statements)).toEqual([]);
});

it('reads a bounded part of the log for an order whose event is gone', async () => {
  const { at } = await order(100_000);
  const before = statements.length;
  const entity = { subject: 'gone', events: 1, lastWriter: '3000000000', createdAt: at };
  expect(await log.eventsOf(entity)).toEqual([]);
  const { sql, parameters } = statements.slice(before).at(-1)!;
  const plan = JSON.stringify(await db.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`, parameters));
  const rows = [...plan.matchAll(/"Actual Rows":([\d.]+)/g)].map(([, count]) => Number(count));
  expect(Math.max(...rows)).toBeLessThan(5_000);
});

it('finds orders by id, by customer and by key without scanning them', async () => {
  const { id } = await order(5);
  expect(await history.findById(id, inTime())).toMatchObject([{ id, idempotencyKey: 'key-5' }]);
  expect(await history.findByKey('customer-5', 'key-5', inTime())).toMatchObject([{ id }]);
  const page = await history.findByCustomer('customer-5', undefined, inTime());
  expect([page.orders.length, page.hasMore]).toEqual([50, true]);
  const lookups = [
    { sql: BY_ID, parameters: [id] },
    { sql: BY_KEY, parameters: ['customer-5', 'key-5'] },
    { sql: BY_CUSTOMER, parameters: ['customer-5', id, 51] },
  ];
  expect(await sequentialScans(db, lookups)).toEqual([]);
});
