import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import type { Queryable, TransactionRunner } from '../queryable.js';
import { requiredUrl } from './test-config.js';

export interface TestDatabase extends Queryable, TransactionRunner {
  /** `postgres://…` of this database. */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates a new, empty database on the server of TEST_DATABASE_URL. Disposing of it drops it.
 *
 * @throws when TEST_DATABASE_URL is not set, so that a test fails without a server
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = requiredUrl('TEST_DATABASE_URL');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = new Pool({ connectionString: server, max: 1 });
  await admin.query(`CREATE DATABASE ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  const pool = new Pool({ connectionString: url, max: 8 });
  pool.on('error', () => undefined);
  return {
    url,
    query: async <Rows>(sql: string, parameters?: unknown[]) =>
      (await pool.query(sql, parameters)).rows as Rows,
    transaction: (work) => inTransaction(pool, work),
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

/** The part of TypeORM's `DataSource` that is used here. */
interface MigratableSource {
  initialize(): Promise<unknown>;
  runMigrations(options: { transaction: 'each' }): Promise<unknown>;
  destroy(): Promise<void>;
}

/**
 * {@link createTestDatabase} with the schema of an app.
 *
 * @param open makes the app's data source for the database with this URL
 * @returns the connected data source; it is closed when the database is disposed of
 */
export async function createMigratedDatabase<Source extends MigratableSource>(
  open: (url: string) => Source,
): Promise<{ db: TestDatabase; dataSource: Source }> {
  const db = await createTestDatabase();
  const dataSource = open(db.url);
  await dataSource.initialize();
  await dataSource.runMigrations({ transaction: 'each' });
  const dispose = async () => {
    await dataSource.destroy();
    await db[Symbol.asyncDispose]();
  };
  return { db: { ...db, [Symbol.asyncDispose]: dispose }, dataSource };
}

async function inTransaction<T>(pool: Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const tx: Queryable = {
    query: async <Rows>(sql: string, parameters?: unknown[]) =>
      (await client.query(sql, parameters)).rows as Rows,
  };
  try {
    await client.query('BEGIN');
    const result = await work(tx);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
