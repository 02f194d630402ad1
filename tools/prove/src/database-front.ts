import { join } from 'node:path';
import { freePorts } from '@orders/dev/stack/ports';
import type { EmbeddedPostgres } from '@orders/dev/stack/postgres';
import { PgBouncer } from '@orders/dev/stack/pgbouncer';
import { Standby } from '@orders/dev/stack/standby';

/** What stands beside or before Postgres: the apps reach the database through it. */
export interface DatabaseFront {
  readonly standby?: Standby;
  /** What an app gets in place of this URL of the server. */
  through(url: string): string;
  stop(): Promise<void>;
}

/** A standby that each commit waits for; the apps choose the server that takes writes. */
export async function startStandby(primary: EmbeddedPostgres, folder: string): Promise<DatabaseFront> {
  const [port = 0] = await freePorts(1);
  const standby = await Standby.follow(primary, { folder: join(folder, 'standby'), port });
  await standby.synchronous();
  return {
    standby,
    through: (url) => standby.withBoth(url),
    stop: () => standby.stop(),
  };
}

/** PgBouncer with its default configuration, but as many sessions as the apps may have. */
export async function startPooler(primary: EmbeddedPostgres): Promise<DatabaseFront> {
  const settings = { default_pool_size: '60', max_client_conn: '500' };
  const tls = primary.security?.server;
  const pooler = await PgBouncer.start({ version: '1.24', postgresUrl: primary.url(), tls, settings });
  return { through: (url) => pooler.through(url), stop: () => pooler.stop() };
}
