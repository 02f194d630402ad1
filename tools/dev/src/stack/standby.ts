import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres, type PostgresOptions } from './postgres.ts';
import { processesOf } from './postgres-processes.ts';
import { until } from './until.ts';

/** By this name the primary knows its standby. */
const NAME = 'standby';

/** A Postgres that follows another one of ours by streaming replication, and can replace it. */
export class Standby {
  readonly server: EmbeddedPostgres;
  readonly #primary: EmbeddedPostgres;

  private constructor(primary: EmbeddedPostgres, server: EmbeddedPostgres) {
    this.#primary = primary;
    this.server = server;
  }

  /**
   * Copies the running primary and starts the copy as its standby. It is asynchronous until {@link synchronous}.
   *
   * @throws when the copy does not follow within 30 s
   */
  static async follow(primary: EmbeddedPostgres, options: PostgresOptions): Promise<Standby> {
    const settings = { ...options.settings, primary_conninfo: sourceOf(primary) };
    const server = new EmbeddedPostgres({ ...options, security: primary.security, settings });
    await copyCluster(primary, server);
    await server.start();
    const standby = new Standby(primary, server);
    await standby.#isReplicated('streaming', "state = 'streaming'");
    return standby;
  }

  /** A URL of the primary, for a client that also knows the standby and uses the one that takes writes. */
  withBoth(url: string): string {
    const both = new URL(url);
    const { host } = both;
    both.searchParams.set('target_session_attrs', 'read-write');
    return both.href.replace(`@${host}`, `@${host},${new URL(this.server.url()).host}`);
  }

  /** From now on, a commit waits until the standby has it on its disk. */
  async synchronous(): Promise<void> {
    await onServer(this.#primary, `ALTER SYSTEM SET synchronous_standby_names = '${NAME}'`);
    await onServer(this.#primary, 'SELECT pg_reload_conf()');
    await this.#isReplicated('synchronous', "sync_state = 'sync'");
  }

  /** Stops all its processes by SIGSTOP: it keeps its connections and answers nothing. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  /** Ends {@link freeze}. */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Makes it a primary that waits for nobody. Make sure that the old one is dead. */
  async promote(): Promise<void> {
    await onServer(this.server, 'SELECT pg_promote()');
  }

  /** Thaws and stops it. */
  async stop(): Promise<void> {
    this.thaw();
    await this.server.stop();
  }

  #signal(signal: NodeJS.Signals): void {
    const { child } = this.server;
    if (child) for (const pid of [child.pid, ...processesOf(this.server)]) process.kill(pid, signal);
  }

  async #isReplicated(what: string, condition: string): Promise<void> {
    const sql = `SELECT FROM pg_stat_replication WHERE application_name = '${NAME}' AND ${condition}`;
    await until(async () => (await onServer(this.#primary, sql)) > 0, {
      timeoutMs: 30_000,
      what: `a standby that is ${what}`,
    });
  }
}

/** Where a standby gets its data from, in the words of libpq. */
function sourceOf(primary: EmbeddedPostgres): string {
  const { hostname, port, username, password } = new URL(primary.url());
  const { tls } = primary;
  const source = { host: hostname, port, user: username, password, application_name: NAME };
  const secured = tls && { sslmode: 'verify-full', sslrootcert: tls.ca, sslcert: tls.cert, sslkey: tls.key };
  return Object.entries({ ...source, ...secured })
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
}

/** By the backup functions and a copy of the files, since the packaged Postgres has no pg_basebackup. */
async function copyCluster(primary: EmbeddedPostgres, copy: EmbeddedPostgres): Promise<void> {
  const client = new Client({ connectionString: primary.url() });
  await client.connect();
  try {
    await client.query(`SELECT pg_backup_start('${NAME}', true)`);
    await copy.run('cp', ['-R', primary.data, copy.data]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await copy.run('cp', [primary.passwordFile, copy.passwordFile]);
    // That of the primary would mean that the copy runs.
    await copy.run('rm', ['-f', join(copy.data, 'postmaster.pid')]);
    const write = ['-c', 'printf %s "$1" >backup_label && >standby.signal', 'sh', rows[0]!.labelfile];
    await copy.run('sh', write, copy.data);
    await copy.run('chmod', ['-R', 'u=rwX,go=', copy.data]);
  } finally {
    await client.end();
  }
}

/** @returns the number of rows */
async function onServer(server: EmbeddedPostgres, sql: string): Promise<number> {
  const client = new Client({ connectionString: server.url(), connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
