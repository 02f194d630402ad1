import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ordersCanceled, ordersCreated } from '@orders/events';
import {
  auditOf,
  DeadLetters,
  discard,
  findDeadLetter,
  findDeliveries,
  Inbox,
  InboxHandlers,
  groupDeadLetters,
  redrive,
  selectDeadLetters,
  settledEvents,
  waitingGroups,
} from '@orders/inbox';
import { newEventId } from '@orders/messaging/testing';
import {
  createMigratedDatabase,
  sequentialScans,
  type Statement,
  type TestDatabase,
} from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource, handlers, name } from './app.js';
import { ShipmentsRepository } from './shipments/shipments.repository.js';
import { someMessage } from './testing/some-message.js';

/** A UUIDv7 of now for each `n`: Postgres makes them itself from 18 on. */
const UUID_V7 = `overlay(md5(n::text) PLACING lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' FROM 1)::uuid`;

/** Enough rows that the planner prefers an index. Only few of the dead letters still wait. */
const FILL = [
  `INSERT INTO inbox (consumer, event_id) SELECT '${name}', ${UUID_V7} FROM generate_series(1, 20000) AS n`,
  `INSERT INTO shipments (order_id, customer_id, items, units, total_cents, status, sequence)
   SELECT gen_random_uuid(), 'c', '[]', 0, 0, 'PLANNED', 1 FROM generate_series(1, 20000)`,
  `INSERT INTO dead_letter (consumer, address, event_id, subject, headers, body, error, attempts, state)
   SELECT '${name}', 'ORDERS/' || n, gen_random_uuid(), 's', '{}', '', 'e', 1,
          CASE WHEN n <= 50 THEN 'waiting' ELSE 'redriven' END FROM generate_series(1, 20000) AS n`,
  `INSERT INTO dead_letter_audit (operator, action, letter_id, consumer, event_id, result, detail)
   SELECT 'o', 'redrive', id, consumer, event_id, 'applied', '' FROM dead_letter WHERE state <> 'waiting'`,
];

let db: TestDatabase;
let dataSource: DataSource;
const statements: Statement[] = [];

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase((url) =>
    openDataSource({ url: new Secret(url), poolMax: 4, applicationName: 'test' }),
  ));
  for (const statement of FILL) await db.query(statement);
  await db.query('ANALYZE');
  dataSource.logger.logQuery = (sql, parameters) =>
    void statements.push({ sql, parameters: parameters as unknown[] | undefined });
});
afterAll(() => db[Symbol.asyncDispose]());

it('no statement of the consumer or of its effect scans a growing table', async () => {
  const known = new InboxHandlers(name, handlers);
  const messages = [ordersCreated, ordersCanceled].map((contract) => someMessage(contract));
  await dataSource.transaction((tx) =>
    known.apply(
      tx,
      messages.map((message) => known.read(message)),
    ),
  );
  const settled = settledEvents(dataSource, name);
  await settled.newestTime();
  await settled.areSettled([{ id: newEventId(), address: 'ORDERS/1' }]);
  await new Inbox(name).forget(dataSource, new Date(Date.now() - 86_400_000));
  await new ShipmentsRepository(dataSource).find(randomUUID());
  expect(statements.length).toBeGreaterThan(6);
  expect(await sequentialScans(db, statements.splice(0))).toEqual([]);
});

it('no statement on dead letters scans their table', async () => {
  const delivery = { message: someMessage(ordersCreated), address: 'ORDERS/1', attempt: 1 };
  await dataSource.transaction((tx) =>
    new DeadLetters(name).add(tx, { ...delivery, ack() {}, nak() {}, working() {} }, new Error('no')),
  );
  await groupDeadLetters(dataSource);
  await waitingGroups(dataSource, name);
  await findDeliveries(dataSource, name, [newEventId(), randomUUID(), 'no uuid']);
  await selectDeadLetters(dataSource, { consumer: name });
  await selectDeadLetters(dataSource, { ids: ['1', '2'] });
  await findDeadLetter(dataSource, '1');
  await auditOf(dataSource, '100');
  const consumers = new Map([[name, new InboxHandlers(name, handlers)]]);
  await redrive('1', { db: dataSource, consumers, operator: 'o', dryRun: false });
  await discard(dataSource, '2', { operator: 'o', reason: 'r' });
  expect(await sequentialScans(db, statements.splice(0))).toEqual([]);
});
