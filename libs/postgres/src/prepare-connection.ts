import type pg from 'pg';
import { endWhenCondemned } from './condemned-connection.js';
import type { Connection } from './connection.js';
import { assertOwnSession } from './pooler.js';
import { failUnreplicatedCommits } from './replicated-commits.js';
import { configureSession } from './session.js';
import { traceStatements } from './sql-span.js';
import { closeWhenUnresponsive } from './unresponsive-server.js';

/** Longest wait for the second connection of the check for a pooler, and for its answers, in ms. */
const CHECK_LIMIT_MS = 2_000;

/**
 * Prepares each new connection of a pool: `onConnect` of pg-pool. The first one also checks the way to the server
 * ({@link assertOwnSession}).
 *
 * @param Client the class of the connections
 * @param isUnlimited the statements of the pool may take any time
 */
export function connectionPreparation(Client: typeof pg.Client, isUnlimited: boolean) {
  let isChecked = false;
  return async (client: pg.PoolClient & Connection): Promise<void> => {
    endWhenCondemned(client);
    failUnreplicatedCommits(client);
    if (!isUnlimited) closeWhenUnresponsive(client);
    if (!isChecked) await assertOwnSession(client, () => openSecond(Client));
    isChecked = true;
    await configureSession(client, isUnlimited);
    traceStatements(client);
  };
}

async function openSecond(Client: typeof pg.Client) {
  const limits = { connectionTimeoutMillis: CHECK_LIMIT_MS, query_timeout: CHECK_LIMIT_MS };
  const client = new Client(limits).on('error', () => undefined);
  await client.connect();
  return client;
}
