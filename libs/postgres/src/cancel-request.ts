import pg from 'pg';
import type { Connection } from './connection.js';

/** Longest wait for the server to take a request, in ms. */
const REQUEST_LIMIT_MS = 1_000;

/** The connection of pg without a session; its types leave all this out. */
const RequestConnection = pg.Connection as unknown as new (
  config: Pick<Connection, 'ssl' | 'sslNegotiation'>,
) => RequestConnection;
interface RequestConnection {
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): void;
  readonly stream: { destroy(): void; once(event: 'secureConnect', listener: () => void): void };
}

/**
 * Cancels the statement that runs on a connection, by the cancel request of Postgres' protocol. It goes through a socket
 * of its own, to the same host and with the same TLS, so that it needs no connection of the pool; poolers forward it.
 *
 * A statement that waits for a synchronous standby has already committed: cancelling it ends the wait alone.
 *
 * @returns resolves when the request cannot hit a later statement; when that is not certain within 1 s, it closes the
 *   connection. Never rejects
 */
export async function cancelStatement(client: Connection): Promise<void> {
  if (await sendRequest(client)) return;
  client.connection.stream.destroy(new Error('Connection terminated: its cancel request was not answered'));
}

/** @returns false when the request was sent and may take effect later */
function sendRequest({
  host,
  port,
  ssl,
  sslNegotiation,
  processID,
  secretKey,
}: Connection): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = new RequestConnection({ ssl, sslNegotiation });
  let isSent = false;
  const send = () => {
    isSent = true;
    connection.cancel(processID, secretKey);
  };
  connection.on('connect', () => {
    if (!ssl) send();
    else if (sslNegotiation !== 'direct') connection.requestSsl();
  });
  // Not before the server has been verified: it could cancel our statements.
  connection.on('sslconnect', () => connection.stream.once('secureConnect', send));
  connection.on('error', () => connection.stream.destroy());
  const timer = setTimeout(() => {
    resolve(!isSent);
    connection.stream.destroy();
  }, REQUEST_LIMIT_MS);
  // The server closes the connection after it has signalled the session.
  connection.on('end', () => {
    clearTimeout(timer);
    resolve(true);
  });
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
  return promise;
}
