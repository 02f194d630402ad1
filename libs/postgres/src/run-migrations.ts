import { createLogger } from '@orders/instrumentation';
import { loadConfig } from '@orders/service';
import type { Logger } from 'pino';
import { z } from 'zod';
import { databaseUrl } from './database-url.js';
import { repairsOfInvalidIndexes } from './invalid-indexes.js';
import { type LockWait, withMigrationLock } from './migration-lock.js';
import type { PostgresSettings } from './postgres.js';

interface MigratableDatabase {
  initialize(): Promise<unknown>;
  query(sql: string): Promise<unknown>;
  runMigrations(options: { transaction: 'each' }): Promise<readonly { name: string }[]>;
  destroy(): Promise<void>;
}

/**
 * Runs all pending migrations, each in a transaction of its own unless it sets `transaction = false`. When several
 * processes do so at once, one runs them and the others wait for it and find none pending. Logs an invalid index that a
 * failed CREATE INDEX CONCURRENTLY has left behind, with the statement that removes it.
 *
 * @param database its pool must have one connection, which holds the lock
 * @throws what the database threw; migrations before the failing one stay committed
 * @throws {CliError} when another process holds the lock for too long
 */
export async function runMigrations(
  database: MigratableDatabase,
  logger: Logger,
  wait: LockWait = {},
): Promise<void> {
  await database.initialize();
  try {
    await withMigrationLock(database, { ...wait, logger }, () => migrate(database, logger));
  } finally {
    await database.destroy();
  }
}

async function migrate(database: MigratableDatabase, logger: Logger): Promise<void> {
  await database.query(`SET lock_timeout = '5s'`);
  try {
    const done = await database.runMigrations({ transaction: 'each' });
    logger.info(
      { migrations: done.map(({ name }) => name) },
      done.length > 0 ? 'migrated' : 'nothing to migrate',
    );
  } finally {
    const repairs = await repairsOfInvalidIndexes(database).catch(() => []);
    if (repairs.length > 0)
      logger.error({ repairs }, 'invalid indexes: run these statements, then migrate again');
  }
}

/**
 * The migration step of an app, which runs as a process of its own before a release: reads `DATABASE_URL` and runs
 * {@link runMigrations}, through `DIRECT_DATABASE_URL` when there is one. The app itself never changes the schema.
 *
 * @param open makes the app's database with these settings, not yet connected
 */
export async function migrateApp(
  name: string,
  open: (settings: PostgresSettings) => MigratableDatabase,
): Promise<void> {
  const urls = { DATABASE_URL: databaseUrl(), DIRECT_DATABASE_URL: databaseUrl().optional() };
  const config = loadConfig(z.object(urls));
  const applicationName = `${name}-migrate`;
  const url = config.directDatabaseUrl ?? config.databaseUrl;
  const database = open({ url, poolMax: 1, unlimited: true, applicationName });
  await runMigrations(database, createLogger({ name: applicationName, level: 'info' }));
}
