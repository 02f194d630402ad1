import { Client } from 'pg';
import { withDatabase } from '@orders/dev/stack/databases';
import type { EmbeddedPostgres } from '@orders/dev/stack/postgres';
import type { Site } from './site.ts';

interface Pair {
  primary: EmbeddedPostgres;
  standby: EmbeddedPostgres;
}

/** The servers of Postgres 18 that several rows use, each started when a row first asks for it. */
export class SharedServers {
  readonly #site: Site;
  #alone: Promise<EmbeddedPostgres> | undefined;
  #pair: Promise<Pair> | undefined;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Makes a database for one row, anew when the row is tried again. @returns its URL */
  async database(name: string, sql = `CREATE DATABASE "${name}"`): Promise<string> {
    this.#alone ??= this.#site.postgres('18');
    const url = (await this.#alone).url();
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await client.query(sql);
    } finally {
      await client.end();
    }
    return withDatabase(url, name);
  }

  /** A primary and its synchronous standby, where each commit can be read once it is acknowledged. */
  pair(): Promise<Pair> {
    this.#pair ??= this.#startPair();
    return this.#pair;
  }

  async #startPair(): Promise<Pair> {
    const primary = await this.#site.postgres('18', { synchronous_commit: 'remote_apply' });
    return { primary, standby: await this.#site.standbyOf(primary) };
  }
}
