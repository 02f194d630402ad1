import { join } from 'node:path';
import { freePorts } from '@orders/dev/stack/ports';
import { type EmbeddedPostgres, removePostgres } from '@orders/dev/stack/postgres';
import { PgBouncer } from '@orders/dev/stack/pgbouncer';
import { Standby } from '@orders/dev/stack/standby';

/** What stands beside or before Postgres: the apps reach the database through it. */
export interface DatabaseFront {
  readonly standby?: Standby;
  /** The URL that an app gets instead of that of the server. */
  url(database: string): string;
  stop(): Promise<void>;
}

/** A standby that each commit waits for; the apps choose the server that takes writes. */
export async function startStandby(primary: EmbeddedPostgres, folder: string): Promise<DatabaseFront> {
  const [port = 0] = await freePorts(1);
  const data = join(folder, 'standby');
  const standby = await Standby.follow(primary, { folder: data, port });
  await standby.synchronous();
  return {
    standby,
    url: (database) => {
      const { username, password, host } = new URL(primary.url());
      const hosts = `${host},127.0.0.1:${port}`;
      return `postgres://${username}:${password}@${hosts}/${database}?target_session_attrs=read-write`;
    },
    stop: async () => {
      await standby.stop();
      removePostgres(data);
    },
  };
}

/** PgBouncer with its default configuration, but as many sessions as the apps may have. */
export async function startPooler(primary: EmbeddedPostgres): Promise<DatabaseFront> {
  const settings = { default_pool_size: '60', max_client_conn: '500' };
  const pooler = await PgBouncer.start({ version: '1.24', postgresUrl: primary.url(), settings });
  return { url: (database) => pooler.url(database), stop: () => pooler.stop() };
}
