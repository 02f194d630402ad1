import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { EventPublisher } from '@orders/messaging';
import { LOG_START, type LogPosition, OutboxCursor, OutboxLog, replay } from '@orders/outbox';
import type { Queryable } from '@orders/postgres';
import {
  createMigratedDatabase,
  recordingStatements,
  sequentialScans,
  type Statement,
  type TestDatabase,
} from '@orders/postgres/testing';
import { Pace } from '@orders/resilience';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from './app.js';
import { PostgresOrdersRepository } from './orders/postgres-orders.repository.js';
import { canceling, inTime, someNewOrder } from './testing/fixtures.js';

/** Enough rows that the planner prefers an index. */
const FILL = `
  WITH new AS MATERIALIZED (SELECT n, gen_random_uuid() AS id FROM generate_series(1, 20000) AS n), stored AS (
    INSERT INTO orders (id, customer_id, idempotency_key, request_hash, items, total_cents, status, version, created_at)
    SELECT id, 'customer-' || n % 100, 'key-' || n, '\\x00', '[]', 0, 'CREATED', 1, now() FROM new
  ), logged AS (
    INSERT INTO outbox (event_id, subject, headers, body) SELECT id, 'orders.created', '{}', '{}' FROM new
  )
  INSERT INTO outbox_checkpoint (name, noted_at, tx, position, stream, stream_sequence)
  SELECT 'relay', now() - n * interval '1 min', '0', 0, 's', 0 FROM new`;

/** Added after ANALYZE, so that the planner does not know of it. */
const BACKLOG = `
  INSERT INTO outbox (event_id, subject, headers, body)
  SELECT gen_random_uuid(), 'orders.created', '{}', '{}' FROM generate_series(1, 20000)`;

let db: TestDatabase;
let dataSource: DataSource;
const statements: Statement[] = [];

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase((url) =>
    openDataSource({ url: new Secret(url), poolMax: 4, applicationName: 'test' }),
  ));
  await db.query(FILL);
  await db.query('ANALYZE');
  dataSource.logger.logQuery = (sql, parameters) =>
    void statements.push({ sql, parameters: parameters as unknown[] | undefined });
});
afterAll(() => db[Symbol.asyncDispose]());

/** Replays everything after a position to a publisher that only returns receipts. */
const replayAll = (db: Queryable, after: LogPosition) =>
  replay({
    db,
    publisher: { publish: async () => ({ sequence: 1, duplicate: false }) } as unknown as EventPublisher,
    range: { since: new Date(0), until: new Date(Date.now() + 60_000), subject: undefined },
    after,
    subjectOf: ({ subject }) => subject,
    run: 'r',
    pace: new Pace(1e9),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    batchSize: 5_000,
  });

it('a statement that scans a table is found', async () => {
  const sql = 'SELECT id FROM orders WHERE total_cents = $1';
  expect(await sequentialScans(db, [{ sql, parameters: [1] }])).toEqual([`orders: ${sql}`]);
});

// Reads of orders: order-read-plans.it.ts.
it('no statement that changes orders scans a growing table', async () => {
  const repository = new PostgresOrdersRepository(dataSource, () => undefined);
  const created = someNewOrder({ key: 'twice' });
  await repository.create([created, someNewOrder({ key: 'twice' })], inTime());
  await repository.update({ id: created.order.id, customerId: 'alice' }, inTime(), canceling);
  expect(statements.length).toBeGreaterThan(3);
  expect(await sequentialScans(db, statements.splice(0))).toEqual([]);
});

// Except for a rewind, which reads all checkpoints once after the stream has lost events.
it('no statement of the relay, its metrics or a replay scans the log or its checkpoints', async () => {
  const recording = recordingStatements(db, statements);
  const log = new OutboxLog(recording);
  const cursor = new OutboxCursor(recording);
  const from = (await cursor.acquire('me', 5_000))!;
  const last = (await log.read(from, 500)).entries.at(-1)!;
  const to = { ...last, stream: 's', streamSequence: 500, messageId: undefined };
  await cursor.advance('me', { from, to }, 5_000);
  await log.read(last, 500);
  await cursor.oldestSequence('s', 6 * 24 * 60 * 60 * 1_000);
  await cursor.release('me');
  await cursor.stats();
  await replayAll(recording, LOG_START);
  expect(await sequentialScans(db, statements.splice(0))).toEqual([]);
});

it('the relay and a replay read a backlog without statistics by its index, without sorting all of it', async () => {
  const [end] = await db.query<LogPosition[]>(
    'SELECT tx::text, position::text FROM outbox ORDER BY outbox.tx DESC, outbox.position DESC LIMIT 1',
  );
  await db.query(BACKLOG);
  const recording = recordingStatements(db, statements);
  await new OutboxLog(recording).read(end!, 256);
  await replayAll(recording, end!);
  for (const { sql, parameters } of statements)
    expect(JSON.stringify(await db.query(`EXPLAIN ${sql}`, parameters))).toContain('Merge Append');
  expect(await sequentialScans(db, statements.splice(0))).toEqual([]);
});
