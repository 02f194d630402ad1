import { count, type Secret } from '@orders/service';
import pg from 'pg';
import { z } from 'zod';
import { databaseUrl, urlsOfHosts } from './database-url.js';
import { clientClassFor } from './failover.js';
import { connectionPreparation } from './prepare-connection.js';

/** The variables of a command line with a database. */
export const commandDatabaseConfig = {
  DATABASE_URL: databaseUrl(),
  // For LISTEN and migrations, which need a session of their own, when DATABASE_URL goes through a pooler.
  DIRECT_DATABASE_URL: databaseUrl().optional(),
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
