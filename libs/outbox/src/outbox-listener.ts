import type { Log } from '@orders/messaging';
import {
  clientClassFor,
  type DatabaseAddress,
  type DatabaseClient,
  MAX_LIFETIME_SECONDS,
} from '@orders/postgres';
import { Backoff, sleep } from '@orders/resilience';

export interface ListenOptions {
  /** Of the database that holds the outbox. */
  address: DatabaseAddress;
  /** Called at each notification that the log has grown, and after each connect. */
  onAppend: () => void;
  signal: AbortSignal;
  log: Log;
  /** How long a connection lives, in ms. Default: as long as those of the pool, 5 minutes. */
  lifetimeMs?: number;
}

/**
 * Listens for notifications of appends on a connection of its own, until the signal aborts. Reconnects without limit, also
 * when the connection has lived for long enough. A notification is only a hint: it is lost while there is no connection,
 * so a reader of the log must poll too.
 */
export async function listenForAppends({
  address,
  onAppend,
  signal,
  log,
  lifetimeMs = MAX_LIFETIME_SECONDS * 1_000,
}: ListenOptions): Promise<void> {
  const Client = clientClassFor(address);
  const backoff = new Backoff({ baseMs: 200, maxMs: 5_000 });
  while (!signal.aborted) {
    const client = new Client({
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      connectionTimeoutMillis: 2_000,
    });
    const onGrowth = () => {
      backoff.reset();
      onAppend();
    };
    try {
      await listenOnce(client, onGrowth, AbortSignal.any([signal, AbortSignal.timeout(lifetimeMs)]));
    } catch (error) {
      log.warn({ err: error }, 'outbox listener lost its connection');
    }
    await sleep(backoff.next(), signal);
  }
}

/** Resolves when the signal aborts; rejects when the connection ends. */
async function listenOnce(client: DatabaseClient, onAppend: () => void, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const ended = new Promise<void>((resolve, reject) => {
    client.once('error', reject);
    client.once('end', () => reject(new Error('the server ended the connection')));
    signal.addEventListener('abort', () => resolve(), { once: true, signal: done.signal });
  });
  client.on('notification', onAppend);
  try {
    await Promise.race([client.connect().then(() => client.query('LISTEN outbox')), ended]);
    onAppend();
    await ended;
  } finally {
    done.abort();
    // The connection is no longer needed: errors while it ends do not matter.
    client.removeAllListeners('error').on('error', () => undefined);
    await Promise.race([client.end(), sleep(500, AbortSignal.timeout(500))]);
  }
}
