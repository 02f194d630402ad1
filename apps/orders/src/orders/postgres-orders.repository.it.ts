import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestDatabase, eventually, type TestDatabase } from '@orders/messaging/testing';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { ordersDataSource } from '../database/data-source.js';
import { someNewOrder } from '../testing/fixtures.js';
import { itKeepsOrders } from '../testing/orders-repository.conformance.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let db: TestDatabase;
let dataSource: DataSource;
let repository: PostgresOrdersRepository;

beforeAll(async () => {
  db = await createTestDatabase();
  dataSource = ordersDataSource({ url: new Secret(db.url), poolMax: 10, applicationName: 'test' });
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  repository = new PostgresOrdersRepository(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await db[Symbol.asyncDispose]();
});
beforeEach(() => db.query('TRUNCATE orders, outbox'));

const events = async () =>
  (
    await db.query<{ event: string }[]>(`
      SELECT concat_ws(' ', headers->>'ce-type', headers->>'ce-subject', (headers->>'ce-sequence')::int) AS event
      FROM outbox ORDER BY tx, position`)
  ).map(({ event }) => event);

itKeepsOrders('PostgresOrdersRepository', () => Promise.resolve({ repository, events }));

describe('PostgresOrdersRepository', () => {
  it('stores neither order nor event when one of a batch breaks a rule of the table', async () => {
    const bad = someNewOrder();
    const tooMuch = { ...bad, order: { ...bad.order, totalCents: -1 } };
    await expect(repository.create([someNewOrder(), tooMuch])).rejects.toThrow('total_cents');
    expect(await db.query('SELECT id FROM orders')).toEqual([]);
    expect(await events()).toEqual([]);
  });

  it('says that a key is in use when another transaction holds it for too long', async () => {
    const first = someNewOrder({ key: 'k' });
    await db.transaction(async (tx) => {
      await tx.query(`INSERT INTO orders SELECT $1, 'alice', 'k', '', '[]', 0, 'CREATED', 1, now()`, [
        first.order.id,
      ]);
      await expect(repository.create([someNewOrder({ key: 'k' })])).rejects.toMatchObject({
        code: 'idempotency-key-in-use',
      });
    });
  });

  it('says that it is unavailable when its connections are cut, and works again by itself', async () => {
    await db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'test' AND datname = current_database()`);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => repository.create([someNewOrder()])));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' });
    }
    await eventually('the pool has noticed', () =>
      repository.create([someNewOrder()]).then(
        () => true,
        () => false,
      ),
    );
  });

  it('has a schema that its migrations make whole: the entities ask for nothing more', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    const wanted = upQueries.map(({ query }) => query).filter((query) => query.includes('ADD'));
    expect(wanted.filter((query) => query.includes(' COLUMN ') || /ADD "/.test(query))).toEqual([]);
  });
});
