import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from '@orders/dev/stack/ports';
import { EmbeddedPostgres, removePostgres } from '@orders/dev/stack/postgres';
import { run } from '@orders/dev/stack/run';
import { serverAccount } from '@orders/dev/stack/server-account';

/** A server that takes SQL as superuser; the default database is `orders`. */
export interface Database {
  url(database?: string): string;
  sql<Row extends object>(text: string, database?: string): Promise<Row[]>;
}

/** Runs SQL without parameters, as superuser; of several statements the rows of the last. */
export async function sql<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const results: unknown = await client.query<Row>(text);
    return (
      Array.isArray(results) ? (results.at(-1) as pg.QueryResult<Row>) : (results as pg.QueryResult<Row>)
    ).rows;
  } finally {
    await client.end();
  }
}

/** A Postgres server, and what a database administrator does with it. */
export class Cluster implements Database {
  readonly #folder: string;
  readonly #server: EmbeddedPostgres;

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
  }

  /** @param settings also those of a recovery */
  static async at(folder: string, settings: Record<string, string> = {}): Promise<Cluster> {
    const [port = 0] = await freePorts(1);
    return new Cluster(folder, new EmbeddedPostgres({ folder, port, settings }));
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  url(database = 'orders'): string {
    return this.#server.url(database);
  }

  sql<Row extends object>(text: string, database?: string): Promise<Row[]> {
    return sql<Row>(this.url(database), text);
  }

  /** Copies the files of this server, while it runs, to a cluster that has not been started. */
  async backUpTo(copy: Cluster): Promise<void> {
    const session = new pg.Client(this.url('postgres'));
    await session.connect();
    try {
      await session.query(`SELECT pg_backup_start('copy', true)`);
      await copy.#asServer('cp', [
        '-a',
        `${this.#server.folder}/data`,
        this.#server.passwordFile,
        copy.#server.folder,
      ]);
      const { rows } = await session.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop()');
      await copy.write('backup_label', rows[0]!.labelfile);
    } finally {
      await session.end();
    }
    rmSync(join(copy.#data, 'postmaster.pid'));
    await copy.#asServer('find', [join(copy.#data, 'pg_wal'), '-type', 'f', '-delete']);
  }

  /** Writes a file of the data folder, such as `standby.signal`. */
  async write(file: string, content: string): Promise<void> {
    await this.#asServer('sh', ['-c', 'printf %s "$1" > "$2"', 'sh', content, join(this.#data, file)]);
  }

  async dispose(): Promise<void> {
    await this.#server.stop();
    removePostgres(this.#folder);
  }

  get #data(): string {
    return join(this.#server.folder, 'data');
  }

  #asServer(command: string, args: string[]): Promise<string> {
    return run(command, args, { account: serverAccount(), cwd: '/' });
  }
}
