import { interceptQueries, type Connection } from './connection.js';

/**
 * SQLSTATEs after which a connection is of no use, although its next statement may seem to work:
 *
 * - 08: the protocol was broken;
 * - 25006: the server has become read-only, most likely a standby;
 * - 26000, 42P05: a prepared statement is unknown or known already, as behind a pooler that changed its session;
 * - 57P: the server, the session or the database is shut down.
 */
const CONDEMNING_SQLSTATE = /^(08...|25006|26000|42P05|57P..)$/;

/** An error of Postgres, by what does not depend on its language. */
interface ServerError {
  readonly code?: unknown;
  readonly routine?: unknown;
}

/** Does this error of a statement condemn its connection? The same statement may succeed on another one. */
export function condemnsConnection({ code, routine }: ServerError): boolean {
  return CONDEMNING_SQLSTATE.test(String(code)) || isStalePlan({ code, routine });
}

/** "cached plan must not change result type": a migration has changed a table of a prepared statement. */
function isStalePlan({ code, routine }: ServerError): boolean {
  return code === '0A000' && routine === 'RevalidateCachedQuery';
}

/** Makes a connection end itself after an error that condemns it, so that the pool makes another one. */
export function endWhenCondemned(client: Connection): void {
  interceptQueries(client, (result) =>
    result.catch((error: ServerError) => {
      if (condemnsConnection(error)) void client.end();
      throw error;
    }),
  );
}
