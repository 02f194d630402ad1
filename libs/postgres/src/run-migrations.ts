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

/** Any number of ours; the lock that lets one migration run at a time on a database. */
const MIGRATION_LOCK = 7_263_514;

/**
 * Brings a database to the newest schema, each migration in a transaction of its own; what is done already is left
 * alone. Of several that run at once, one works and the others find nothing left to do. To be given a pool of one
 * connection, which holds the lock.
 *
 * @throws what the database threw; the migrations before the failing one are kept
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
 * The migration step of an app, a process of its own before a release: reads `DATABASE_URL` and runs what
 * {@link runMigrations} does. The app itself never changes the schema.
 *
 * @param open the app's database with these settings, not connected yet
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
