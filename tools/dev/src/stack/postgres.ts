import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { Problem } from '../../bootstrap/problem.mjs';
import { Child, describeExit } from './child.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { ensureCluster } from './postgres-cluster.ts';
import { clearPidFile } from './postgres-pid-file.ts';
import { type PostgresSecurity, secure, forTools } from './postgres-security.ts';
import { run } from './run.ts';
import { canReach, openFolderFor, serverAccount, type Account } from './server-account.ts';
import { type Tls, tlsFilesIn } from './tls-files.ts';
import { until } from './until.ts';

const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  max_connections: '200',
  cluster_name: 'orders-platform',
  // A vanished client is noticed within 25 s: its connection and its locks are released.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  ...(process.platform === 'linux' ? { tcp_user_timeout: '20s' } : {}),
  client_connection_check_interval: '2s',
};

export interface PostgresOptions {
  /** Holds the cluster, its password and its log; kept between starts. */
  folder: string;
  port: number;
  /** Default: those of the clone. */
  binaries?: string | undefined;
  /** Called once when the cluster must be in another folder, because Postgres refuses to run as root. */
  note?: (line: string) => void;
  signal?: AbortSignal | undefined;
  onSpawn?: (child: Child) => void;
  /** Settings beside ours, or instead of them. */
  settings?: Record<string, string> | undefined;
  /** Default: plaintext, and a password alone. */
  security?: PostgresSecurity | undefined;
}

/**
 * A real Postgres on 127.0.0.1 with the durable defaults (fsync, synchronous_commit, checksums), UTC, one superuser
 * `postgres` with a random password. Start and stop it as often as you like: data and port stay.
 */
export class EmbeddedPostgres {
  readonly #options: PostgresOptions;
  readonly #account: Account | undefined;
  readonly #binaries: string;
  readonly #home: string;
  #child: Child | undefined;

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#account = serverAccount();
    this.#binaries = postgresBinaries(this.#account, options.binaries);
    this.#home = this.#makeHome();
  }

  /** The folder that really holds the cluster and its log. */
  get folder(): string {
    return this.#home;
  }

  /** The folder of the cluster itself. */
  get data(): string {
    return this.#file('data');
  }

  /** Runs a command as the account of the server. */
  run(command: string, args: string[], cwd = '/'): Promise<string> {
    return run(command, args, { cwd, account: this.#account, signal: this.#options.signal });
  }

  /** The process, while it runs. */
  get child(): Child | undefined {
    return this.#child?.running ? this.#child : undefined;
  }

  /** Holds the superuser's password. */
  get passwordFile(): string {
    return this.#file('password');
  }

  get security(): PostgresSecurity | undefined {
    return this.#options.security;
  }

  /** The server's certificate files as it reads them; undefined without TLS. */
  get tls(): Tls | undefined {
    return this.security && tlsFilesIn(this.#file('tls'));
  }

  /** URL of a database on this server, as superuser. */
  url(database = 'postgres'): string {
    const password = readFileSync(this.passwordFile, 'utf8');
    const url = `postgres://postgres:${password}@127.0.0.1:${this.#options.port}/${database}`;
    return this.security ? forTools(url, this.security) : url;
  }

  /** Creates the cluster when there is none, then resolves once the server takes connections. */
  async start(): Promise<void> {
    const { data, passwordFile } = this;
    const { signal } = this.#options;
    await ensureCluster({ data, passwordFile, binaries: this.#binaries, account: this.#account, signal });
    await clearPidFile(data);
    const log = openSync(this.#file('postgres.log'), 'a');
    const settings = Object.entries({
      ...SETTINGS,
      ...this.#secure(),
      ...this.#options.settings,
      port: String(this.#options.port),
    });
    const child = await Child.spawn({
      command: join(this.#binaries, 'bin/postgres'),
      args: ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      cwd: '/',
      account: this.#account,
      output: log,
      stopSignal: 'SIGINT', // "fast": ends sessions, then shuts down cleanly
    });
    closeSync(log);
    this.#child = child;
    this.#options.onSpawn?.(child);
    await until(() => this.#takesConnections(child), {
      timeoutMs: 60_000,
      signal,
      what: 'Postgres',
    });
  }

  /** Makes it read its certificates again, and resolves once new sessions get them. Open ones stay. */
  async reload(): Promise<void> {
    const before = await this.#loadTime();
    this.#secure();
    this.child?.kill('SIGHUP');
    const isLoaded = async () => (await this.#loadTime()) > before;
    await until(isLoaded, { timeoutMs: 10_000, signal: this.#options.signal, what: 'Postgres to reload' });
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** Kills it with SIGKILL, without a clean stop. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  #secure(): Record<string, string> {
    return this.security ? secure(this.#file('tls'), this.security, this.#account) : {};
  }

  /** When a new session's server has read its configuration. */
  async #loadTime(): Promise<number> {
    const client = new Client({ connectionString: this.url(), connectionTimeoutMillis: 2_000 });
    await client.connect();
    const { rows } = await client
      .query<{ at: Date }>('SELECT pg_conf_load_time() AS at')
      .finally(() => client.end());
    return rows[0]!.at.getTime();
  }

  async #takesConnections(child: Child): Promise<boolean> {
    if (!child.running) {
      const how = describeExit(await child.exited);
      throw new Problem(
        `Postgres ended with ${how} while starting: ${lastError(this.#file('postgres.log'))}`,
      );
    }
    const client = new Client({ connectionString: this.url(), connectionTimeoutMillis: 2000 });
    client.on('error', () => undefined); // the connection may end at any time: the next try shows
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Our folder, or another one when the account of Postgres cannot reach ours. */
  #makeHome(): string {
    const { folder, note } = this.#options;
    mkdirSync(folder, { recursive: true });
    if (!this.#account) return folder;
    const parent = dirname(folder); // ours as well, and 0700 when mkdtemp made it; nothing above it is touched
    chmodSync(parent, statSync(parent).mode | 0o011);
    chownSync(folder, this.#account.uid, this.#account.gid);
    if (canReach(this.#account, [folder])) return folder;
    const home = openFolderFor(folder);
    mkdirSync(home, { recursive: true });
    chownSync(home, this.#account.uid, this.#account.gid);
    writeFileSync(join(folder, 'moved-to'), home);
    note?.(`Postgres runs as ${this.#account.name}, who cannot reach this folder; its data is in ${home}`);
    return home;
  }

  #file(name: string): string {
    return join(this.#home, name);
  }
}

/** Removes a cluster, also one that had to be in another folder. */
export function removePostgres(folder: string): void {
  const pointer = join(folder, 'moved-to');
  if (existsSync(pointer)) rmSync(readFileSync(pointer, 'utf8'), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

function lastError(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  return lines.findLast((line) => line.includes('FATAL')) ?? lines.at(-1) ?? '';
}
