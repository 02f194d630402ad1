import { Backoff, sleep } from '@orders/resilience';
import { count, secretUrl, type Secret, type Service } from '@orders/service';
import pg from 'pg';
import { z } from 'zod';
import { type Connection, giveUpSilentServer } from './silent-server.js';
import { traceStatements } from './sql-span.js';

/** The URL of an app's own database. */
export const databaseUrl = () => secretUrl('postgres', 'postgresql');

/** What an app with a database of its own reads: `baseConfig.extend({ ...databaseConfig })`. */
export const databaseConfig = {
  DATABASE_URL: databaseUrl(),
  DATABASE_POOL_MAX: count(1, 10, 100),
  // `unchecked`: runs on a Postgres that may lose what it acknowledged, as tests do.
  POSTGRES_DURABILITY: z.enum(['required', 'unchecked']).default('required'),
};

export interface PostgresSettings {
  url: Secret;
  /** Connections of this process at most. */
  poolMax: number;
  /** What the server shows for them. */
  applicationName: string;
  /** For migrations, which may take their time: no limit but that of a lock. Default false. */
  unlimited?: boolean;
}

/** The longest that a statement runs on a connection of {@link postgresOptions} unless it is told otherwise, in ms. */
export const STATEMENT_TIMEOUT_MS = 3_000;

const LIMITS = {
  idleTimeoutMillis: 10_000,
  maxLifetimeSeconds: 300,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 5_000,
  onConnect: (connection: Connection) => {
    giveUpSilentServer(connection);
    traceStatements(connection);
  },
};

/**
 * TypeORM options for an app's own database, but for its entities and migrations. Every wait has an end. At the
 * server: for a lock 1 s, for a statement 3 s, and a transaction that does nothing is ended after 5 s. At the client:
 * for a connection 1 s, for a server that has fallen silent 5 s. A call with the deadline of the edge (5 s) that meets
 * an idle pool needs no other.
 */
export function postgresOptions({ url, poolMax, applicationName, unlimited = false }: PostgresSettings) {
  return {
    type: 'postgres' as const,
    // Else TypeORM would look for it beside the bundle.
    driver: pg,
    url: url.reveal(),
    applicationName,
    poolSize: poolMax,
    connectTimeoutMS: 1_000,
    extra: {
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      ...(unlimited ? {} : LIMITS),
    },
  };
}

interface Database {
  initialize(): Promise<unknown>;
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
  destroy(): Promise<void>;
}

/**
 * Connects as {@link connectWithRetry} does, checks the server as {@link assertDurable} does unless its durability is
 * `unchecked`, and ties the database to the service: `/readyz` asks it, and it is closed when the service stops.
 *
 * @throws when the server may lose what it has acknowledged
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

/** With one of these off, Postgres acknowledges what it may lose. */
const DURABILITY = ['fsync', 'full_page_writes', 'synchronous_commit'];

/**
 * Refuses a server that may lose what it has acknowledged.
 *
 * @throws with the settings that are off
 */
export async function assertDurable(database: Pick<Database, 'query'>): Promise<void> {
  const sql = `SELECT name FROM pg_settings WHERE name = ANY ($1) AND setting = 'off' ORDER BY name`;
  const off = (await database.query(sql, [DURABILITY])) as { name: string }[];
  if (off.length === 0) return;
  const names = off.map(({ name }) => name).join(', ');
  throw new Error(
    `Postgres may lose what it acknowledges, these are off: ${names}. POSTGRES_DURABILITY=unchecked takes it all the same`,
  );
}

/**
 * Connects, and tries again until it works: a database may start after its users. Never settles once the service
 * stops: whoever awaits it must not go on starting.
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
      const retryInMs = backoff.next();
      service.logger.warn({ err: error, retryInMs }, 'no database yet, will try again');
      await sleep(retryInMs, stop.signal);
    }
  }
  return new Promise(() => undefined);
}
