import { interceptQueries, type Connection, type Notice } from './connection.js';
import type { Queryable } from './queryable.js';

/** A commit whose wait for a synchronous standby was cancelled: it is on the primary, and perhaps nowhere else. */
export class CommitNotReplicated extends Error {
  override readonly name = 'CommitNotReplicated';
  /** SQLSTATE transaction_resolution_unknown. */
  readonly code = '08007';

  constructor() {
    super('the commit was not confirmed by a synchronous standby');
  }
}

/**
 * Makes a connection fail a commit that was not replicated as configured. Postgres reports such a commit as a success,
 * with a warning (SQLSTATE 01000) in the language of the server: hence the function that sends it is compared.
 *
 * The query then rejects with {@link CommitNotReplicated}. Its changes are visible on the primary; a repeat that finds
 * them calls {@link awaitReplication} before it relies on them.
 */
export function failUnreplicatedCommits(client: Connection): void {
  let isUnreplicated = false;
  client.on('notice', ({ code, routine }: Notice) => {
    isUnreplicated ||= code === '01000' && routine === 'SyncRepWaitForLSN';
  });
  interceptQueries(client, async (result) => {
    const value = await result;
    if (!isUnreplicated) return value;
    isUnreplicated = false;
    throw new CommitNotReplicated();
  });
}

/**
 * An expression that makes the commit of its transaction wait until all that the transaction has seen is replicated as
 * configured: it writes a record to the WAL, which is behind every commit that its snapshot shows. A commit that writes
 * nothing would not wait. Without synchronous replication it is NULL and does nothing.
 *
 * `(SELECT ${AWAIT_REPLICATION})` in the list of a SELECT runs once, and only when there is a row.
 */
export const AWAIT_REPLICATION = `CASE WHEN current_setting('synchronous_standby_names') <> ''
    THEN pg_logical_emit_message(true, 'await-replication', '') END`;

/** Makes the commit of `tx` wait until all that it has seen is replicated ({@link AWAIT_REPLICATION}). */
export async function awaitReplication(tx: Queryable): Promise<void> {
  await tx.query(`SELECT ${AWAIT_REPLICATION}`);
}
