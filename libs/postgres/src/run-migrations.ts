import { createLogger } from '@orders/instrumentation';
import { loadConfig } from '@orders/service';
import type { Logger } from 'pino';
import { z } from 'zod';
import { databaseUrl, type PostgresSettings } from './postgres.js';

interface MigratableDatabase {
  initialize(): Promise<unknown>;
  query(sql: string): Promise<unknown>;
  runMigrations(options: { transaction: 'each' }): Promise<readonly { name: string }[]>;
  destroy(): Promise<void>;
}

/** Key of the advisory lock that lets one process migrate a database at a time; any fixed number. */
const MIGRATION_LOCK = 7_263_514;

/**
 * Runs all pending migrations, each in a transaction of its own. When several processes do so at once, one runs them and
 * the others wait for it and find none pending.
 *
 * @param database its pool must have one connection, which holds the lock
 * @throws what the database threw; migrations before the failing one stay committed
 */
export async function runMigrations(database: MigratableDatabase, logger: Logger): Promise<void> {
  await database.initialize();
  try {
    await database.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await database.query(`SET lock_timeout = '5s'`);
    const done = await database.runMigrations({ transaction: 'each' });
    logger.info(
      { migrations: done.map(({ name }) => name) },
      done.length > 0 ? 'migrated' : 'nothing to migrate',
    );
  } finally {
    await database.destroy();
  }
}

/**
 * The migration step of an app, which runs as a process of its own before a release: reads `DATABASE_URL` and runs
 * {@link runMigrations}. The app itself never changes the schema.
 *
 * @param open makes the app's database with these settings, not yet connected
 */
export async function migrateApp(
  name: string,
  open: (settings: PostgresSettings) => MigratableDatabase,
): Promise<void> {
  const config = loadConfig(z.object({ DATABASE_URL: databaseUrl() }));
  const applicationName = `${name}-migrate`;
  const database = open({ url: config.databaseUrl, poolMax: 1, unlimited: true, applicationName });
  await runMigrations(database, createLogger({ name: applicationName, level: 'info' }));
}
