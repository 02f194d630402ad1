import { Client } from 'pg';
import type { SystemUnderProof } from '../system-under-proof.ts';

/** A session of the superuser, past all proxies. Default: in the database `postgres`. */
export async function admin(sut: SystemUnderProof, database?: string): Promise<Client> {
  const client = new Client({
    connectionString: sut.system.postgres.url(database),
    connectionTimeoutMillis: 5_000,
    application_name: 'prove',
  });
  client.on('error', () => undefined); // another fault may end it
  await client.connect();
  return client;
}

/** Runs statements in such a session, one after the other. @throws what the first that fails throws */
export async function runAsAdmin(
  sut: SystemUnderProof,
  database: string | undefined,
  ...statements: readonly string[]
): Promise<void> {
  const client = await admin(sut, database);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The end of a fault that holds a transaction open. */
export function rollbackOf(client: Client): () => Promise<void> {
  return async () => {
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end();
  };
}
