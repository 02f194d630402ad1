import { Client } from 'pg';
import { Problem } from '../../bootstrap/problem.mjs';
import { assertDatabaseUrl, withoutPassword } from './server-urls.ts';

/** URL of another database on the same server. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/**
 * Creates the databases that are not there yet. Safe to run twice at once.
 * @throws Problem when it is no URL of Postgres, or the server cannot be reached or refuses
 */
export async function ensureDatabases(url: string, names: readonly string[]): Promise<void> {
  assertDatabaseUrl(url);
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    for (const name of names) await ensureDatabase(client, name);
  } catch (error) {
    throw new Problem(`Postgres at ${withoutPassword(url)} cannot be used: ${reason(error)}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function ensureDatabase(client: Client, name: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  if (found.rowCount !== 0) return;
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== '42P04' && code !== '23505') throw error; // another process has just created it
  }
}

function reason(error: unknown): string {
  if (error instanceof AggregateError)
    return (error.errors as Error[]).map(({ message }) => message).join(', ');
  return error instanceof Error ? error.message : String(error);
}
