/** Above `statement_timeout`, so that it ends only queries that the server cannot end, in ms. */
const ANSWER_LIMIT_MS = 5_000;

/** A connection of pg, as the pool passes it to `onConnect`. */
export interface Connection {
  query(...parameters: unknown[]): unknown;
  readonly database: string;
  readonly connection: { readonly stream: { destroy(error: Error): unknown } };
}

/**
 * Makes a new connection close its socket when a query has no answer after 5 s. The query then fails, and the pool makes
 * another connection. Nothing else does this in time: the server's timeouts do not reach a client whose connection is
 * dead, TCP needs 15 minutes to notice, and pg's `query_timeout` leaves the connection in TypeORM's pool, where all later
 * queries fail too.
 *
 * A statement that sets `statement_timeout = 0` has no limit here either.
 */
export function closeWhenUnresponsive(client: Connection): void {
  const query = client.query.bind(client);
  client.query = (...parameters: unknown[]) => {
    const result = query(...parameters);
    const [text] = parameters;
    const isUnlimited = typeof text === 'string' && text.includes('statement_timeout = 0');
    if (!(result instanceof Promise) || isUnlimited) return result;
    const timer = setTimeout(() => {
      client.connection.stream.destroy(new Error('Connection terminated: the server does not answer'));
    }, ANSWER_LIMIT_MS);
    return result.finally(() => clearTimeout(timer));
  };
}
