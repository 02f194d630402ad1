import type { Log } from '@orders/messaging';
import { Backoff, sleep } from '@orders/resilience';
import { Client } from 'pg';

export interface ListenOptions {
  /** `postgres://…` of the database that holds the outbox. */
  connectionString: string;
  /** Called when somebody has said that the log has grown, and after each connection. */
  onAppend: () => void;
  signal: AbortSignal;
  log: Log;
}

/**
 * Listens for appends on a connection of its own until the signal aborts; reconnects for ever. Only a hint:
 * notifications are lost while it is not connected, so whoever reads the log polls as well.
 */
export async function listenForAppends({
  connectionString,
  onAppend,
  signal,
  log,
}: ListenOptions): Promise<void> {
  const backoff = new Backoff({ baseMs: 200, maxMs: 5_000 });
  while (!signal.aborted) {
    try {
      await listenOnce(
        connectionString,
        () => {
          backoff.reset();
          onAppend();
        },
        signal,
      );
    } catch (error) {
      log.warn({ err: error }, 'outbox listener lost its connection');
    }
    await sleep(backoff.next(), signal);
  }
}

/** Resolves when the signal aborts; rejects when the connection ends. */
async function listenOnce(
  connectionString: string,
  onAppend: () => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new Client({
    connectionString,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    connectionTimeoutMillis: 2_000,
  });
  const over = new AbortController();
  const ended = new Promise<void>((resolve, reject) => {
    client.once('error', reject);
    client.once('end', () => reject(new Error('the server ended the connection')));
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal });
  });
  client.on('notification', onAppend);
  try {
    await Promise.race([client.connect().then(() => client.query('LISTEN outbox')), ended]);
    onAppend();
    await ended;
  } finally {
    over.abort();
    // Whatever happens while ending a connection that nobody needs any more is of no interest.
    client.removeAllListeners('error').on('error', () => undefined);
    await Promise.race([client.end(), sleep(500, AbortSignal.timeout(500))]);
  }
}
