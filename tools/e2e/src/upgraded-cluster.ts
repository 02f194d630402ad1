import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '@orders/dev/stack/ports';
import { run } from '@orders/dev/stack/run';
import { serverAccount } from '@orders/dev/stack/server-account';
import { type Database, sql } from './copied-cluster.ts';

const INSTALLED = '/usr/lib/postgresql';

/** The programs of the newest Postgres that the machine's Debian or Ubuntu has installed; the embedded one lacks pg_upgrade. */
export function installedPostgres(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).map(Number).filter(Boolean);
  return versions
    .sort((a, b) => b - a)
    .map((version) => join(INSTALLED, String(version), 'bin'))
    .find((bin) => existsSync(join(bin, 'pg_upgrade')) && existsSync(join(bin, 'postgres')));
}

/** A server of an installed Postgres. */
export class InstalledCluster implements Database {
  readonly #bin: string;
  readonly #folder: string;
  readonly #port: number;

  private constructor(bin: string, folder: string, port: number) {
    this.#bin = bin;
    this.#folder = folder;
    this.#port = port;
  }

  /** @param bin folder of the programs */
  static async initialise(bin: string, folder: string): Promise<InstalledCluster> {
    const [port = 0] = await freePorts(1);
    await mkdir(folder, { recursive: true });
    await run('chmod', ['777', folder]);
    const made = new InstalledCluster(bin, folder, port);
    await made.#run('initdb', [
      '-D',
      made.#data,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--no-sync',
    ]);
    return made;
  }

  async start(): Promise<void> {
    const options = `-p ${this.#port} -c listen_addresses=127.0.0.1 -c fsync=off -k ${this.#folder}`;
    const log = join(this.#folder, 'log');
    await this.#run('pg_ctl', ['start', '-w', '-D', this.#data, '-l', log, '-o', options]);
  }

  async stop(): Promise<void> {
    await this.#run('pg_ctl', ['stop', '-w', '-D', this.#data, '-m', 'fast']);
  }

  /** Runs pg_upgrade. Both must be stopped. */
  async upgradeTo(target: InstalledCluster): Promise<void> {
    const bins = ['-b', this.#bin, '-B', target.#bin];
    await target.#run('pg_upgrade', [
      ...bins,
      '-d',
      this.#data,
      '-D',
      target.#data,
      '-U',
      'postgres',
      '--link',
    ]);
  }

  url(database = 'orders'): string {
    return `postgres://postgres@127.0.0.1:${this.#port}/${database}`;
  }

  sql<Row extends object>(text: string, database?: string): Promise<Row[]> {
    return sql<Row>(this.url(database), text);
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  #run(program: string, args: string[]): Promise<string> {
    return run(join(this.#bin, program), args, { account: serverAccount(), cwd: this.#folder });
  }
}
