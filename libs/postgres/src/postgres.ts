import { Backoff, sleep } from '@orders/resilience';
import { CliError, count, type Secret, type Service } from '@orders/service';
import pg from 'pg';
import { z } from 'zod';
import { databaseUrl, urlsOfHosts } from './database-url.js';
import { clientClassFor } from './failover.js';
import { connectionPreparation } from './prepare-connection.js';

/** The variables of an app with a database: `baseConfig.extend({ ...databaseConfig })`. */
export const databaseConfig = {
  DATABASE_URL: databaseUrl(),
  // For LISTEN and migrations, which need a session of their own, when DATABASE_URL goes through a pooler.
  DIRECT_DATABASE_URL: databaseUrl().optional(),
  DATABASE_POOL_MAX: count(1, 10, 100),
  // `unchecked`: also runs on a Postgres that may lose acknowledged data, as in tests.
  POSTGRES_DURABILITY: z.enum(['required', 'unchecked']).default('required'),
};

export interface PostgresSettings {
  url: Secret;
  /** Most connections of this process. */
  poolMax: number;
  /** `application_name` of the connections, which the server shows. */
  applicationName: string;
  /** No timeouts on these connections: for migrations, which may take long. Default false. */
  unlimited?: boolean;
}

/**
 * TypeORM options for the database of an app, without its entities and migrations. Every wait has a timeout:
 *
 * - at the server: 1 s for a lock, 3 s for a statement, 5 s for a transaction that is idle;
 * - at the client: 1 s for a connection, 4.5 s for the answer to a query, which is then cancelled.
 *
 * A call with the deadline of the edge (5 s) needs no other timeout while the pool has an idle connection.
 */
export function postgresOptions({ url, poolMax, applicationName, unlimited = false }: PostgresSettings) {
  const text = url.reveal();
  return {
    type: 'postgres' as const,
    // Otherwise TypeORM would look for the driver in the folder of the bundle.
    driver: pg,
    url: urlsOfHosts(text)[0],
    applicationName,
    poolSize: poolMax,
    connectTimeoutMS: 1_000,
    extra: {
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      idleTimeoutMillis: 10_000,
      maxLifetimeSeconds: unlimited ? 0 : 300,
      Client: clientClassFor(text),
      onConnect: connectionPreparation(text, unlimited),
    },
  };
}

interface Database {
  initialize(): Promise<unknown>;
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  destroy(): Promise<void>;
}

/**
 * Connects, and retries until it succeeds. Checks the server by {@link assertDurable} unless `durability` is `unchecked`.
 * Adds the database to `/readyz` and closes it when the service stops.
 *
 * @returns resolves once connected; never settles when the service stops before
 * @throws when the server may lose acknowledged data, or is behind a pooler that cannot be used
 */
export async function openDatabase(
  database: Database,
  service: Pick<Service, 'addReadinessCheck' | 'logger' | 'onStop'>,
  durability: 'required' | 'unchecked',
): Promise<void> {
  await connectWithRetry(database, service);
  if (durability === 'required') await assertDurable(database);
  service.addReadinessCheck('postgres', async () => void (await database.query('SELECT 1')));
  service.onStop('connections', 'postgres', () => database.destroy());
}

/** Settings without which Postgres may lose data that it has acknowledged. */
const DURABILITY = ['fsync', 'full_page_writes', 'synchronous_commit'];

/**
 * Checks that the server does not lose acknowledged data.
 *
 * @throws an error that names the settings that are off
 */
export async function assertDurable(database: Pick<Database, 'query'>): Promise<void> {
  const sql = `SELECT name FROM pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`;
  const off = (await database.query(sql, [DURABILITY])) as { name: string }[];
  if (off.length === 0) return;
  const names = off.map(({ name }) => name).join(', ');
  throw new Error(
    `Postgres may lose acknowledged data, because these are off: ${names}. POSTGRES_DURABILITY=unchecked accepts that`,
  );
}

/**
 * Connects, and retries until it succeeds, because a database may start after its apps. Never settles when the service
 * stops before, so that its caller does not go on starting.
 */
async function connectWithRetry(
  database: Pick<Database, 'initialize'>,
  service: Pick<Service, 'logger' | 'onStop'>,
): Promise<void> {
  const stop = new AbortController();
  service.onStop('intake', 'database', () => Promise.resolve(stop.abort()));
  const backoff = new Backoff({ baseMs: 200, maxMs: 2_000 });
  while (!stop.signal.aborted) {
    try {
      await database.initialize();
      return;
    } catch (error) {
      if (error instanceof CliError) throw error;
      const retryInMs = backoff.next();
      service.logger.warn({ err: error, retryInMs }, 'cannot connect to the database, will retry');
      await sleep(retryInMs, stop.signal);
    }
  }
  return new Promise(() => undefined);
}
