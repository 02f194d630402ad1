/** The part of a notice of Postgres that does not depend on its language. */
export interface Notice {
  /** SQLSTATE. */
  readonly code?: string | undefined;
  /** The function of the server that sent it. */
  readonly routine?: string | undefined;
}

/** A connection of pg, as the pool passes it to `onConnect`. */
export interface Connection {
  query(...parameters: unknown[]): unknown;
  on(event: 'notice', listener: (notice: Notice) => void): unknown;
  end(): Promise<void>;
  readonly database: string;
  readonly host: string;
  readonly port: number;
  readonly ssl: boolean | object;
  readonly sslNegotiation: 'postgres' | 'direct';
  /** Identify the session in a cancel request. A pooler gives numbers of its own. */
  readonly processID: number;
  readonly secretKey: number;
  readonly connection: { readonly stream: { destroy(error: Error): unknown } };
}

/**
 * Passes the result of each query through `intercept`. Leaves out queries with a callback, which only TypeORM's start
 * makes, and cursors.
 */
export function interceptQueries(
  connection: Pick<Connection, 'query'>,
  intercept: (result: Promise<unknown>, query: unknown) => Promise<unknown>,
): void {
  const query = connection.query.bind(connection);
  connection.query = (...parameters: unknown[]) => {
    const result = query(...parameters);
    return result instanceof Promise ? intercept(result, parameters[0]) : result;
  };
}
