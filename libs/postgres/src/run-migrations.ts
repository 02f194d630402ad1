import { createLogger } from '@orders/instrumentation';
import { explainFailure, loadConfig, readTls } from '@orders/service';
import type { Logger } from 'pino';
import { z } from 'zod';
import { repairsOfInvalidIndexes } from './invalid-indexes.js';
import { type LockWait, withMigrationLock } from './migration-lock.js';
import { commandDatabaseConfig, type PostgresSettings } from './postgres.js';
import { grantRoles, type RoleOptions, type RoleRights } from './roles.js';
import { assertFit, type Expected } from './server-check.js';

interface MigratableDatabase {
  initialize(): Promise<unknown>;
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
  runMigrations(options: { transaction: 'each' }): Promise<readonly { name: string }[]>;
  destroy(): Promise<void>;
}

export interface MigrationOptions extends LockWait {
  /** Default `required`. */
  readonly durability?: Expected['durability'];
  /** Who gets which rights at the end. Default: nobody. */
  readonly grants?: RoleOptions | undefined;
}

/**
 * Runs all pending migrations, each in a transaction of its own unless it sets `transaction = false`. When several
 * processes do so at once, one runs them and the others wait for it and find none pending. Logs an invalid index that a
 * failed CREATE INDEX CONCURRENTLY has left behind, with the statement that removes it. At the end, also when none was
 * pending, the roles of the app get their rights ({@link grantRoles}).
 *
 * @param database its pool must have one connection, which holds the lock
 * @throws {UnfitServer} when the server is not what the app needs; nothing has changed
 * @throws what the database threw; migrations before the failing one stay committed
 * @throws {CliError} when another process holds the lock for too long
 */
export async function runMigrations(
  database: MigratableDatabase,
  logger: Logger,
  { durability = 'required', grants, ...wait }: MigrationOptions = {},
): Promise<void> {
  await database.initialize();
  try {
    await assertFit(database, { durability, rights: {}, migrations: undefined });
    await withMigrationLock(database, { ...wait, logger }, async () => {
      await migrate(database, logger);
      if (grants) await grantRoles(database, grants, logger);
    });
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

export interface AppMigrations {
  /** The name of the app. */
  readonly name: string;
  /** Makes the app's database with these settings, not yet connected. */
  readonly dataSource: (settings: PostgresSettings) => MigratableDatabase;
  readonly roles: RoleRights;
}

/** The names of Postgres have 63 bytes at most. */
const PREFIX = /^[a-z_][a-z0-9_-]{0,49}$/;

/**
 * The migration step of an app, which runs as a process of its own before a release: reads `DATABASE_URL` and runs
 * {@link runMigrations}, through `DIRECT_DATABASE_URL` when there is one. The app itself never changes the schema.
 *
 * When it fails by something that an operator can mend, the log has that in one line, and the exit code is 1.
 *
 * `DATABASE_ROLE_PREFIX` begins the names of the roles; default: the name of the app.
 */
export async function migrateApp({ name, dataSource, roles }: AppMigrations): Promise<void> {
  const config = loadConfig(
    z.object({
      ...commandDatabaseConfig,
      DATABASE_ROLE_PREFIX: z.string().regex(PREFIX, 'must be the beginning of a name').default(name),
    }),
  );
  const applicationName = `${name}-migrate`;
  const url = config.directDatabaseUrl ?? config.databaseUrl;
  const logger = createLogger({ name: applicationName, level: 'info' });
  try {
    const tls = await readTls(config, name);
    const database = dataSource({ url, tls, poolMax: 1, unlimited: true, applicationName });
    const grants = { roles, prefix: config.databaseRolePrefix };
    await runMigrations(database, logger, { durability: config.postgresDurability, grants });
  } catch (error) {
    const reason = explainFailure(error);
    if (reason === undefined) throw error;
    logger.fatal(reason);
    process.exitCode = 1;
  }
}
