import pg from 'pg';
import { urlsOfHosts } from './database-url.js';

/** Longest wait for a host, in ms. */
const PROBE_LIMIT_MS = 1_000;

/** A connection that could not be made, since no host of a URL takes writes. */
class NoWritableHost extends Error {
  override readonly name = 'NoWritableHost';
  /** SQLSTATE sqlclient_unable_to_establish_sqlconnection. */
  readonly code = '08001';
}

interface Host {
  readonly host: string;
  readonly port: number;
}

/**
 * The class of the connections to a database. With several hosts in its URL, a connection is made to the one that takes
 * writes: all are asked at once, so that one that is silent delays nothing. The answer is kept until a connection fails or ends.
 *
 * Configure a connection by the URL of one host ({@link urlsOfHosts}).
 */
export function clientClassFor(url: string): typeof pg.Client {
  const urls = urlsOfHosts(url);
  if (urls.length === 1) return pg.Client;
  let found: Promise<Host> | undefined;
  const forget = () => (found = undefined);
  return class extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | void {
      const connected = this.connectToPrimary();
      if (!callback) return connected;
      connected.then(() => callback(undefined as unknown as Error), callback);
    }

    private async connectToPrimary(): Promise<pg.Client> {
      this.once('error', forget).once('end', forget);
      try {
        found ??= anyWritable(urls);
        const { host, port } = await found;
        Object.assign(this, { host, port });
        return await super.connect();
      } catch (error) {
        forget();
        throw error;
      }
    }
  };
}

/** Makes a connection outside of a pool, by {@link clientClassFor}; it is not connected yet. */
export function createClient(url: string, config: pg.ClientConfig): pg.Client {
  const Client = clientClassFor(url);
  return new Client({ ...config, connectionString: urlsOfHosts(url)[0] });
}

/** @throws {NoWritableHost} with what each host answered */
async function anyWritable(urls: readonly string[]): Promise<Host> {
  try {
    return await Promise.any(urls.map(probe));
  } catch (cause) {
    const reasons = (cause as AggregateError).errors.map((reason: Error) => reason.message);
    throw new NoWritableHost(`no host of the URL takes writes: ${reasons.join('; ')}`, { cause });
  }
}

/** @throws when the host does not answer or takes no writes */
async function probe(url: string): Promise<Host> {
  const limits = { connectionTimeoutMillis: PROBE_LIMIT_MS, query_timeout: PROBE_LIMIT_MS };
  const client = new pg.Client({ connectionString: url, ...limits });
  client.on('error', () => undefined);
  const { host, port } = client;
  try {
    await client.connect();
    const sql = `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS "isReadOnly"`;
    const { rows } = await client.query<{ isReadOnly: boolean }>(sql);
    if (rows[0]?.isReadOnly !== false) throw new Error('read-only');
    return { host, port };
  } catch (error) {
    throw new Error(`${host}:${port}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
