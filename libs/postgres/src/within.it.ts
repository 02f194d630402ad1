import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Deadline } from '@orders/resilience';
import { Secret } from '@orders/service';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { isTransientDatabaseError } from './database-error.js';
import { postgresOptions } from './postgres.js';
import { eventually } from '@orders/resilience/testing/eventually';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';
import { readWithin, transactionWithin } from './within.js';

/** A deadline that does not pass during a test. */
const inTime = () => Deadline.withoutTimer(new AbortController().signal, 60_000);

let db: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  db = await createTestDatabase();
  const settings = { url: new Secret(db.url), poolMax: 2, applicationName: 'test' };
  dataSource = new DataSource(postgresOptions(settings));
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await db[Symbol.asyncDispose]();
});

async function sleeping(): Promise<number> {
  const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(60)'
    AND state = 'active'`;
  return (await db.query<unknown[]>(sql)).length;
}

describe('a transaction', () => {
  // It was answered with 500 while Postgres was shutting down.
  it('whose connection dies between two statements fails with a transient error', async () => {
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
  // The cancel request took a connection of the pool: with none left, the statement went on to its timeout.
  it('is cancelled although all connections are lent', async () => {
    const caller = new AbortController();
    const deadline = Deadline.withoutTimer(caller.signal, 60_000);
    const reads = [1, 2].map(() =>
      readWithin(dataSource, deadline, (manager) => manager.query('SELECT pg_sleep(60)')),
    );
    await eventually('both run', async () => (await sleeping()) === 2);
    caller.abort();
    for (const { reason } of (await Promise.allSettled(reads)) as PromiseRejectedResult[])
      expect(reason).toMatchObject({ message: 'canceling statement due to user request' });
    await readWithin(dataSource, inTime(), (manager) => manager.query('SELECT 1'));
  });

  // Each connection waited for another one to cancel it, until that gave up.
  it('that is over returns its connection, although all are lent and all their callers have gone', async () => {
    // No limit on the wait for a connection: a read that needs a second one waits forever.
    const patient = new DataSource({ ...dataSource.options, connectTimeoutMS: 0 } as DataSourceOptions);
    await patient.initialize();
    const caller = new AbortController();
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const finish = Promise.withResolvers<void>();
    const reads = both.map(({ resolve }) =>
      readWithin(patient, Deadline.withoutTimer(caller.signal, 60_000), () => (resolve(), finish.promise)),
    );
    await Promise.all(both.map(({ promise }) => promise));
    caller.abort();
    finish.resolve();
    await Promise.all(reads);
    await patient.query('SELECT 1');
    await patient.destroy();
  });
});
