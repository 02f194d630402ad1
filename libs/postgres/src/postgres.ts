import { count, secretUrl, type Secret } from '@orders/service';
import pg from 'pg';
import { z } from 'zod';
import { type Connection, closeWhenUnresponsive } from './unresponsive-server.js';
import { traceStatements } from './sql-span.js';

/** Config variable for the URL of the app's database. */
export const databaseUrl = () => secretUrl('postgres', 'postgresql');

/** The variables of a command line with a database. */
export const commandDatabaseConfig = {
  DATABASE_URL: databaseUrl(),
  // `unchecked`: also runs on a Postgres that may lose acknowledged data, as in tests.
  POSTGRES_DURABILITY: z.enum(['required', 'unchecked']).default('required'),
};

/** The variables of an app with a database: `baseConfig.extend({ ...databaseConfig })`. */
export const databaseConfig = {
  ...commandDatabaseConfig,
  DATABASE_POOL_MAX: count(1, 10, 100),
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

/** Default `statement_timeout` of connections with {@link postgresOptions}, in ms. */
export const STATEMENT_TIMEOUT_MS = 3_000;

const LIMITS = {
  idleTimeoutMillis: 10_000,
  maxLifetimeSeconds: 300,
  statement_timeout: STATEMENT_TIMEOUT_MS,
  lock_timeout: 1_000,
  idle_in_transaction_session_timeout: 5_000,
  onConnect: async (connection: Connection) => {
    closeWhenUnresponsive(connection);
    // A database or a role may have another one, in which pg reads no dates.
    await connection.query("SET DateStyle = 'ISO'");
    traceStatements(connection);
  },
};

/**
 * TypeORM options for the database of an app, without its entities and migrations. Every wait has a timeout:
 *
 * - at the server: 1 s for a lock, 3 s for a statement, 5 s for a transaction that is idle;
 * - at the client: 1 s for a connection, 5 s for the answer to a query.
 *
 * A call with the deadline of the edge (5 s) needs no other timeout while the pool has an idle connection.
 */
export function postgresOptions({ url, poolMax, applicationName, unlimited = false }: PostgresSettings) {
  return {
    type: 'postgres' as const,
    // Otherwise TypeORM would look for the driver in the folder of the bundle.
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
