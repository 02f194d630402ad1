import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { Secret } from '@orders/service';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { postgresOptions } from './postgres.js';
import { runMigrations } from './run-migrations.js';
import { eventually } from '@orders/resilience/testing/eventually';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

class Table1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE item (id int, name text)');
  }
  async down(): Promise<void> {}
}

class Index1700000000002 implements MigrationInterface {
  /** CREATE INDEX CONCURRENTLY cannot run in a transaction. */
  transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX CONCURRENTLY item_by_name ON item (name)');
  }
  async down(): Promise<void> {}
}

class Unique1700000000003 implements MigrationInterface {
  transaction = false;
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE UNIQUE INDEX CONCURRENTLY item_by_id ON item (id)');
  }
  async down(): Promise<void> {}
}

const silent = createLogger({ name: 'test', level: 'silent' });

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db[Symbol.asyncDispose]());

const migrator = (...migrations: (new () => MigrationInterface)[]) =>
  new DataSource({
    ...postgresOptions({ url: new Secret(db.url), poolMax: 1, unlimited: true, applicationName: 'migrator' }),
    migrations,
  });

const locks = () =>
  db.query<object[]>(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND database =
    (SELECT oid FROM pg_database WHERE datname = current_database())`);

describe('migrations', () => {
  // The one that waited for the lock held a snapshot, for which the index waited: deadlock, and an invalid index.
  it('build an index concurrently while other migrators wait', async () => {
    const quick = { pauseMs: 10 };
    await Promise.all(
      [1, 2, 3].map(() => runMigrations(migrator(Table1700000000001, Index1700000000002), silent, quick)),
    );
    const sql = "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'item_by_name'::regclass";
    expect(await db.query(sql)).toEqual([{ valid: true }]);
    expect(await locks()).toEqual([]);
  });

  it('give up a lock that is never free in one line, with its holder and what to do', async () => {
    await db.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(7263514)');
      const [holder] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
      const late = runMigrations(migrator(), silent, { limitMs: 50, pauseMs: 10 });
      await expect(late).rejects.toThrow(`SELECT pg_terminate_backend(${holder!.pid})`);
    });
  });

  it('that left an invalid index behind say how to remove it', async () => {
    await runMigrations(migrator(Table1700000000001), silent);
    await db.query('INSERT INTO item (id) VALUES (1), (1)');
    const logged: object[] = [];
    const logger = Object.assign(Object.create(silent) as typeof silent, {
      error: (entry: object) => void logged.push(entry),
    });
    await expect(runMigrations(migrator(Table1700000000001, Unique1700000000003), logger)).rejects.toThrow(
      'could not create unique index',
    );
    const repair = 'DROP INDEX CONCURRENTLY item_by_id;';
    expect(logged).toEqual([{ repairs: [repair] }]);
    await db.query('DELETE FROM item');
    await db.query(repair);
    await runMigrations(migrator(Table1700000000001, Unique1700000000003), logger);
    await eventually('the lock is free', async () => (await locks()).length === 0);
  });
});
