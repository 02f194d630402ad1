import { createLogger } from '@orders/instrumentation';
import { loadConfig } from '@orders/service';
import type { Logger } from 'pino';
import { z } from 'zod';
import { commandDatabaseConfig, type PostgresSettings } from './postgres.js';
import { assertFit, type Expected, UnfitServer } from './server-check.js';

interface MigratableDatabase {
  initialize(): Promise<unknown>;
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
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
 * @throws {UnfitServer} when the server is not what the app needs; nothing has changed
 * @throws what the database threw; migrations before the failing one stay committed
 */
export async function runMigrations(
  database: MigratableDatabase,
  logger: Logger,
  durability: Expected['durability'] = 'required',
): Promise<void> {
  const expected = { durability, rights: {}, migrations: undefined };
  await database.initialize();
  try {
    await assertFit(database, expected);
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
  const config = loadConfig(z.object(commandDatabaseConfig));
  const applicationName = `${name}-migrate`;
  const database = open({ url: config.databaseUrl, poolMax: 1, unlimited: true, applicationName });
  const logger = createLogger({ name: applicationName, level: 'info' });
  try {
    await runMigrations(database, logger, config.postgresDurability);
  } catch (error) {
    if (!(error instanceof UnfitServer)) throw error;
    logger.fatal(error.message);
    process.exitCode = 1;
  }
}
