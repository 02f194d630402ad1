import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { Child } from './child.ts';
import { withDatabase } from './databases.ts';
import { unpackFromDebian } from './debian-package.ts';
import { cacheFolder } from './paths.ts';
import { freePorts } from './ports.ts';
import { canReach, OPEN_FOLDER, serverAccount } from './server-account.ts';
import { copyTls, type Tls } from './tls-files.ts';
import { until } from './until.ts';

/** The Debian suites that have it. */
const SUITES = { '1.24': 'trixie', '1.26': 'sid' } as const;
export type PgBouncerVersion = keyof typeof SUITES;

/** All that it is linked to: the machine may have an older libc. */
const PACKAGES = [
  ...['pgbouncer', 'libc6', 'libcares2', 'libevent-2.1-7t64', 'libssl3t64', 'libpam0g', 'libsystemd0'],
  ...['libaudit1', 'libcap-ng0', 'libcap2', 'libzstd1', 'zlib1g', 'libldap2', 'libsasl2-2'],
];

const TRIPLETS: Partial<Record<NodeJS.Architecture, readonly [libraries: string, loader: string]>> = {
  x64: ['x86_64-linux-gnu', 'ld-linux-x86-64.so.2'],
  arm64: ['aarch64-linux-gnu', 'ld-linux-aarch64.so.1'],
};

export interface PgBouncerOptions {
  version: PgBouncerVersion;
  /** A URL of the server behind it. */
  postgresUrl: string;
  /** Its certificate, to clients and to the server; both sides then demand TLS. Default: plaintext. */
  tls?: Tls | undefined;
  /** Settings of `[pgbouncer]` beside the defaults: `pool_mode` is `session` without them. */
  settings?: Record<string, string>;
}

/** A PgBouncer on 127.0.0.1 before a Postgres, with the user and the databases of that. */
export class PgBouncer {
  readonly #child: Child;
  readonly #postgresUrl: string;
  readonly #folder: string;
  readonly #port: number;

  private constructor(child: Child, postgresUrl: string, at: { folder: string; port: number }) {
    this.#child = child;
    this.#postgresUrl = postgresUrl;
    this.#folder = at.folder;
    this.#port = at.port;
  }

  /**
   * Fetches it as a Debian package unless the cache has it, and resolves once it takes connections.
   *
   * @throws when it cannot be fetched or does not start
   */
  static async start({ version, postgresUrl, tls, settings = {} }: PgBouncerOptions): Promise<PgBouncer> {
    const account = serverAccount();
    const [command, ...args] = await commandOf(version);
    const [port = 0] = await freePorts(1);
    const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
    chmodSync(folder, 0o755);
    const { port: serverPort, username, password } = new URL(postgresUrl);
    writeFileSync(join(folder, 'users'), `"${username}" "${password}"\n`);
    const all = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_user: username, // it asks the server about all other users
    };
    const secured = tls ? tlsSettings(copyTls(tls, join(folder, 'tls'), account)) : {};
    const lines = Object.entries({ ...all, ...secured, auth_file: join(folder, 'users'), ...settings });
    writeFileSync(
      join(folder, 'ini'),
      // Not "localhost": that may be [::1], and after a refused connection it waits for 15 s.
      `[databases]\n* = host=127.0.0.1 port=${serverPort}\n[pgbouncer]\n` +
        lines.map(([name, value]) => `${name} = ${value}\n`).join(''),
    );
    if (account) chownSync(folder, account.uid, account.gid);
    const output = openSync(join(folder, 'log'), 'a');
    const child = await Child.spawn({
      ...{ command, args: [...args, join(folder, 'ini')], cwd: '/', account },
      output,
    });
    closeSync(output);
    const bouncer = new PgBouncer(child, postgresUrl, { folder, port });
    await bouncer.#takesConnections();
    return bouncer;
  }

  /** URL of a database through it. */
  url(database: string): string {
    return this.through(withDatabase(this.#postgresUrl, database));
  }

  /** What a client of the server behind it uses in place of this URL. */
  through(url: string): string {
    return Object.assign(new URL(url), { port: String(this.#port) }).href;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #takesConnections(): Promise<void> {
    const attempt = async (): Promise<boolean> => {
      if (!this.#child.running) {
        const lastLine = readFileSync(join(this.#folder, 'log'), 'utf8').trimEnd().split('\n').at(-1);
        throw new Error(`PgBouncer ended while starting: ${lastLine}`);
      }
      const client = new Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 2_000 });
      client.on('error', () => undefined);
      return client
        .connect()
        .then(() => client.end())
        .then(
          () => true,
          () => false,
        );
    };
    await until(attempt, { timeoutMs: 20_000, what: 'PgBouncer' });
  }
}

/** Both sides by the same certificate. */
function tlsSettings({ cert, key, ca }: Tls): Record<string, string> {
  const side = { tls_sslmode: 'verify-full', tls_cert_file: cert, tls_key_file: key, tls_ca_file: ca };
  const both = Object.entries({ ...side, tls_protocols: 'tlsv1.3' });
  return Object.fromEntries(
    ['client', 'server'].flatMap((end) => both.map(([name, value]) => [`${end}_${name}`, value])),
  );
}

/** The binary with the loader and the libraries of its own suite. */
async function commandOf(version: PgBouncerVersion): Promise<[string, ...string[]]> {
  const [triplet, loader] = TRIPLETS[process.arch] ?? [];
  if (triplet === undefined || loader === undefined) throw new Error(`no PgBouncer for ${process.arch}`);
  const account = serverAccount();
  const shared = join(cacheFolder(), 'pgbouncer');
  mkdirSync(shared, { recursive: true });
  const folder = account && !canReach(account, [shared]) ? join(OPEN_FOLDER, 'pgbouncer') : shared;
  mkdirSync(folder, { recursive: true });
  const target = join(folder, version);
  if (!existsSync(target))
    await unpackFromDebian({ packages: () => PACKAGES, suite: () => SUITES[version], target });
  const libraries = join(target, 'usr/lib', triplet);
  return [join(libraries, loader), '--library-path', libraries, join(target, 'usr/sbin/pgbouncer')];
}
