import type pg from 'pg';

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

/** Finds the one of several hosts that takes writes, and keeps the answer. */
export class WritableHost {
  private found: Promise<Host> | undefined;

  /** @param hosts make a client for each, which is not connected yet */
  constructor(private readonly hosts: readonly ((limits: pg.ClientConfig) => pg.Client)[]) {}

  /** @throws {NoWritableHost} with what each host answered */
  find(): Promise<Host> {
    return (this.found ??= anyWritable(this.hosts));
  }

  /** Makes the next {@link find} ask again. */
  forget(): void {
    this.found = undefined;
  }
}

async function anyWritable(hosts: WritableHost['hosts']): Promise<Host> {
  const limits = { connectionTimeoutMillis: PROBE_LIMIT_MS, query_timeout: PROBE_LIMIT_MS };
  try {
    return await Promise.any(hosts.map((createClient) => probe(createClient(limits))));
  } catch (cause) {
    const reasons = (cause as AggregateError).errors.map((reason: Error) => reason.message);
    throw new NoWritableHost(`no host of the URL takes writes: ${reasons.join('; ')}`, { cause });
  }
}

/** @throws when the host does not answer or takes no writes */
async function probe(client: pg.Client): Promise<Host> {
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
