import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isTransientDatabaseError } from '@orders/messaging';
import { createTestDatabase, eventually, type TestDatabase } from '@orders/messaging/testing';
import { Deadline } from '@orders/resilience';
import { Secret } from '@orders/service';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { inTime } from '../testing/fixtures.js';
import { ordersDataSource } from './data-source.js';
import { readWithin, transactionWithin } from './within.js';

let db: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  db = await createTestDatabase();
  dataSource = ordersDataSource({ url: new Secret(db.url), poolMax: 2, applicationName: 'test' });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await db[Symbol.asyncDispose]();
});

describe('a transaction', () => {
  // Seen as a 500 while Postgres was shutting down.
  it('whose connection died between two statements has met a database that is away, not a bug', async () => {
    const cut = transactionWithin(dataSource, inTime(), async (tx) => {
      const [own] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      await db.query('SELECT pg_terminate_backend($1)', [own?.pid]);
      await eventually('TypeORM to take the connection away', () => tx.queryRunner?.isReleased ?? false);
      await tx.query('SELECT 1');
    });
    const error = await cut.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(isTransientDatabaseError(error)).toBe(true);
  });
});

describe('a read', () => {
  // Each connection waited for another one to cancel it, until that gave up.
  it('that is over gives its connection back, although all are lent and nobody waits for any of them', async () => {
    // Nobody gives up waiting for a connection: who waits for another one does it for ever.
    const patient = new DataSource({ ...dataSource.options, connectTimeoutMS: 0 } as DataSourceOptions);
    await patient.initialize();
    const caller = new AbortController();
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const finish = Promise.withResolvers<void>();
    const reads = both.map(({ resolve }) =>
      readWithin(patient, Deadline.keptBy(caller.signal, 60_000), () => (resolve(), finish.promise)),
    );
    await Promise.all(both.map(({ promise }) => promise));
    caller.abort();
    finish.resolve();
    await Promise.all(reads);
    await patient.query('SELECT 1');
    await patient.destroy();
  });
});
