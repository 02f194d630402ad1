import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '@orders/service';
import { DataSource } from 'typeorm';
import { isTransientDatabaseError } from './database-error.js';
import { postgresOptions } from './postgres.js';
import { preparedQueries } from './prepared-statements.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

let db: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  db = await createTestDatabase();
  await db.query('CREATE TABLE item (id int)');
  const settings = { url: new Secret(db.url), poolMax: 1, applicationName: 'test' };
  dataSource = new DataSource(postgresOptions(settings));
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await db[Symbol.asyncDispose]();
});

async function session(): Promise<number> {
  const [row] = await dataSource.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
  return row!.pid;
}

describe('a connection that is of no use any more', () => {
  const selectItems = () => preparedQueries(dataSource).query('SELECT * FROM item');

  it.each<[what: string, spoil: () => Promise<unknown>, statement: () => Promise<unknown>]>([
    [
      'since its server became read-only',
      () => dataSource.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY'),
      () => dataSource.query('INSERT INTO item VALUES (1)'),
    ],
    [
      'since a migration changed a table of its prepared statement',
      async () => {
        await selectItems();
        await db.query('ALTER TABLE item ADD COLUMN name text');
      },
      selectItems,
    ],
    [
      'since a pooler gave it a session without its prepared statements',
      async () => {
        await selectItems();
        await dataSource.query('DEALLOCATE ALL');
      },
      selectItems,
    ],
  ])('%s is not used again', async (_what, spoil, statement) => {
    const before = await session();
    await spoil();
    const error = await statement().catch((reason: unknown) => reason);
    expect(isTransientDatabaseError(error)).toBe(true);
    await statement();
    expect(await session()).not.toBe(before);
  });
});

describe('a connection', () => {
  it('reads times whatever DateStyle its database has', async () => {
    const [row] = await db.query<{ name: string }[]>('SELECT current_database() AS name');
    await db.query(`ALTER DATABASE ${row!.name} SET DateStyle = 'German'`);
    await dataSource.destroy();
    await dataSource.initialize();
    expect(await dataSource.query(`SELECT '2026-11-30T10:00:00Z'::timestamptz AS at`)).toEqual([
      { at: new Date('2026-11-30T10:00:00Z') },
    ]);
  });
});
