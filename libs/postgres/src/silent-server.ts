/** Longer than any statement runs at the server: only ends what the server cannot end any more. */
const SILENCE_LIMIT_MS = 5_000;

/** What a pool hands to `onConnect`: a connection of pg. */
export interface Connection {
  query(...parameters: unknown[]): unknown;
  readonly database: string;
  readonly connection: { readonly stream: { destroy(error: Error): unknown } };
}

/**
 * Makes a new connection give up a server that has fallen silent: a query without an answer after 5 s closes the
 * socket, so that the query fails and the pool makes another connection. The server's own timeouts do not reach a
 * client whose connection is dead, TCP takes a quarter of an hour to notice, and pg's `query_timeout` would leave the
 * connection in TypeORM's pool, where every later query fails too. What lifts the server's limit has none here either.
 */
export function giveUpSilentServer(client: Connection): void {
  const query = client.query.bind(client);
  client.query = (...parameters: unknown[]) => {
    const result = query(...parameters);
    const [text] = parameters;
    const isUnlimited = typeof text === 'string' && text.includes('statement_timeout = 0');
    if (!(result instanceof Promise) || isUnlimited) return result;
    const timer = setTimeout(() => {
      client.connection.stream.destroy(new Error('Connection terminated: the server has fallen silent'));
    }, SILENCE_LIMIT_MS);
    return result.finally(() => clearTimeout(timer));
  };
}
