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
    const server = new EmbeddedPostgres({ ...options, security: primary.security });
    await follow(primary, server);
    return new Standby(primary, server);
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
    await isReplicated(this.#primary, 'synchronous', "sync_state = 'sync'");
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

  /**
   * Undoes {@link promote}: the old primary, which must be dead, becomes a copy that follows, takes over once it has all,
   * and is followed again by a new, synchronous copy. What its own cluster held is gone.
   */
  async handBack(): Promise<void> {
    await follow(this.server, this.#primary);
    await this.server.stop(); // a clean stop: it first sends all that it has
    await onServer(this.#primary, 'SELECT pg_promote()');
    await follow(this.#primary, this.server);
    await this.synchronous();
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
}

/** Makes one server, which does not run, a standby of another one: its cluster becomes a copy. */
async function follow(primary: EmbeddedPostgres, standby: EmbeddedPostgres): Promise<void> {
  await standby.run('rm', ['-rf', standby.data]);
  await copyCluster(primary, standby);
  await standby.start();
  await isReplicated(primary, 'streaming', "state = 'streaming'");
}

async function isReplicated(primary: EmbeddedPostgres, what: string, condition: string): Promise<void> {
  const sql = `SELECT FROM pg_stat_replication WHERE application_name = '${NAME}' AND ${condition}`;
  await until(async () => (await onServer(primary, sql)) > 0, {
    timeoutMs: 30_000,
    what: `a standby that is ${what}`,
  });
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
    // A file that its owner removes meanwhile is none of the copy.
    const copying = 'cp -R "$1" "$2" 2>"$2.missed" || ! grep -v "No such file" "$2.missed"';
    await copy.run('sh', ['-c', copying, 'sh', primary.data, copy.data]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await copy.run('cp', [primary.passwordFile, copy.passwordFile]);
    // That of the primary would mean that the copy runs.
    await copy.run('rm', ['-f', join(copy.data, 'postmaster.pid')]);
    const write =
      'printf %s "$1" >backup_label && >standby.signal && printf "%s\\n" "$2" >>postgresql.auto.conf';
    const source = `primary_conninfo = '${sourceOf(primary).replaceAll("'", "''")}'`;
    // The last one in the file counts.
    const nobodyWaited = "synchronous_standby_names = ''";
    await copy.run('sh', ['-c', write, 'sh', rows[0]!.labelfile, `${source}\n${nobodyWaited}`], copy.data);
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
