import { count, tlsConfig } from '@orders/service';
import { z } from 'zod';
import { clientClassFor, type DatabaseAddress } from './database-client.js';
import { databaseUrl, parseDatabaseUrl } from './database-url.js';
import { measuredDriver } from './measured-pool.js';
import { connectionPreparation } from './prepare-connection.js';

/** How long a connection lives; it may outlive its certificate for as long. */
export const MAX_LIFETIME_SECONDS = 300;

/** The variables of a command line with a database. */
export const commandDatabaseConfig = {
  DATABASE_URL: databaseUrl(),
  // For LISTEN and migrations, which need a session of their own, when DATABASE_URL goes through a pooler.
  DIRECT_DATABASE_URL: databaseUrl('DIRECT_DATABASE_URL').optional(),
  // `unchecked`: also runs on a Postgres that may lose acknowledged data, as in tests.
  POSTGRES_DURABILITY: z.enum(['required', 'unchecked']).default('required'),
  ...tlsConfig,
};

/** The variables of an app with a database: `baseConfig.extend({ ...databaseConfig })`. */
export const databaseConfig = {
  ...commandDatabaseConfig,
  DATABASE_POOL_MAX: count(1, 10, 100),
};

export interface PostgresSettings extends DatabaseAddress {
  /** Most connections of this process. */
  poolMax: number;
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
 *
 * A connection ends 5 minutes after it was made, once no statement uses it: so long may it outlive its certificate.
 *
 * @throws {CliError} when the URL demands to verify a server and there is no CA
 */
export function postgresOptions({ poolMax, unlimited = false, ...address }: PostgresSettings) {
  const Client = clientClassFor(address);
  return {
    type: 'postgres' as const,
    // Otherwise TypeORM would look for the driver in the folder of the bundle.
    driver: measuredDriver(address.applicationName),
    url: parseDatabaseUrl(address.url.reveal()).hosts[0],
    poolSize: poolMax,
    connectTimeoutMS: 1_000,
    extra: {
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      idleTimeoutMillis: 10_000,
      maxLifetimeSeconds: unlimited ? 0 : MAX_LIFETIME_SECONDS,
      Client,
      onConnect: connectionPreparation(Client, unlimited),
    },
  };
}
