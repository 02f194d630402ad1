import type { Client } from 'pg';
import { UnfitServer } from './server-check.js';

/** Enough rounds that a pooler with other clients lends the first client another session in one of them. */
const ROUNDS = 8;

/**
 * Checks that each client has a session of its own, as it has without a pooler and with one that lends sessions for as
 * long as a client is connected. A pooler that lends them for a transaction would apply our timeouts to other clients
 * and theirs to us, and would leave locks and prepared statements behind.
 *
 * @param first a client, which is not in a transaction
 * @param openSecond connects another one through the same address; called only when there is a pooler
 * @throws {UnfitServer} when sessions are lent for a transaction or a statement
 */
export async function assertOwnSession(
  first: Client & { readonly processID: number },
  openSecond: () => Promise<Client>,
): Promise<void> {
  const session = await sessionOf(first);
  // A pooler gives its clients numbers of its own.
  if (session === first.processID) return;
  const second = await openSecond();
  try {
    if ((await sessionOf(second)) === session) throw sharedSessions();
    for (let round = 0; round < ROUNDS; round += 1) {
      // Takes the session that was used last, which is that of `first` unless it is reserved for it.
      await second.query('BEGIN').catch(throwShared);
      const isShared = (await sessionOf(first)) !== session;
      await second.query('ROLLBACK');
      if (isShared) throw sharedSessions();
    }
  } finally {
    await second.end();
  }
}

async function sessionOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}

/** A pooler that lends sessions for a statement refuses transactions, as a violation of the protocol. */
function throwShared(error: { code?: unknown }): never {
  throw error.code === '08P01' ? sharedSessions() : error;
}

function sharedSessions(): UnfitServer {
  const line =
    'DATABASE_URL goes through a pooler that lends sessions for a transaction, which breaks timeouts, locks and ' +
    'prepared statements: use pool_mode = session in PgBouncer, or the address of Postgres itself';
  return new UnfitServer([{ kind: 'unfit', line }]);
}
