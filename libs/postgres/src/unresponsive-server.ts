import { cancelStatement } from './cancel-request.js';
import { interceptQueries, type Connection } from './connection.js';

/** Above `statement_timeout`, so that only what the server does not end is cancelled, in ms. */
const CANCEL_AFTER_MS = 4_500;
/** So much later the socket is closed, in ms. */
const CLOSE_AFTER_MS = 500;

/**
 * Makes a connection cancel a query that has no answer after 4.5 s, and close its socket after 5 s. The query then fails,
 * and the pool makes another connection. Nothing else does this in time: the server's timeouts neither end a COMMIT that
 * waits for a synchronous standby nor reach a client whose connection is dead, TCP needs 15 minutes to notice, and pg's
 * `query_timeout` leaves the connection in TypeORM's pool, where all later queries fail too.
 *
 * Closing alone would leave a session behind on the server for each COMMIT that waits, until none is free.
 *
 * A statement that sets `statement_timeout = 0` has no limit here either.
 */
export function closeWhenUnresponsive(client: Connection): void {
  interceptQueries(client, (result, query) => {
    if (typeof query === 'string' && query.includes('statement_timeout = 0')) return result;
    let cancelled: Promise<void> | undefined;
    let timer = setTimeout(() => {
      cancelled = cancelStatement(client);
      timer = setTimeout(() => {
        client.connection.stream.destroy(new Error('Connection terminated: the server does not answer'));
      }, CLOSE_AFTER_MS);
    }, CANCEL_AFTER_MS);
    return result.finally(() => {
      clearTimeout(timer);
      // Before the next statement begins, the request can no longer hit it.
      return cancelled;
    });
  });
}
