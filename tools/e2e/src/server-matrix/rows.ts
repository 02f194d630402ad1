import { nanos } from '@nats-io/transport-node';
import type { NatsVersion } from '@orders/dev/stack/nats-binary';
import { PgBouncer, type PgBouncerVersion } from '@orders/dev/stack/pgbouncer';
import type { PackagedVersion } from '@orders/dev/stack/postgres-release';
import type { SharedServers } from './shared-servers.ts';
import type { Site } from './site.ts';

/** What runs for a row. */
interface Started {
  /** Default: a database of Postgres 18. */
  DATABASE_URL?: string;
  /** Default: a nats-server 2.10. */
  NATS_URL?: string;
  /** Where the migrations run. Default: DATABASE_URL. */
  migrationUrl?: string;
}

/** A server that orders is tried on. */
export interface Row {
  server: 'Postgres' | 'PgBouncer' | 'nats-server';
  /** As it is asked for: without the release. */
  version: string;
  mode: string;
  /** Settings of orders. */
  env?: Record<string, string>;
  /** Starts what belongs to this row alone. */
  start: (site: Site, shared: SharedServers) => Promise<Started>;
}

export const ROWS: readonly Row[] = [
  postgres('14'),
  postgres('15'),
  postgres('16'),
  postgres('17'),
  postgres('18'),
  postgres('18', 'fsync off', { fsync: 'off' }),
  {
    ...{ server: 'Postgres', version: '18', mode: 'a database with encoding LATIN1' },
    start: async (_site, shared) => {
      const sql = "CREATE DATABASE latin1 ENCODING LATIN1 LOCALE 'C' TEMPLATE template0";
      return { DATABASE_URL: await shared.database('latin1', sql) };
    },
  },
  {
    ...{ server: 'Postgres', version: '18', mode: 'a synchronous standby and its primary, both in the URL' },
    start: async (_site, shared) => {
      const { primary, standby } = await shared.pair();
      const { host } = new URL(standby.url());
      const both = primary.url('orders').replace(/@/, `@${host},`);
      return { DATABASE_URL: `${both}?target_session_attrs=read-write` };
    },
  },
  {
    ...{ server: 'Postgres', version: '18', mode: 'a standby alone in the URL' },
    start: async (_site, shared) => {
      const { primary, standby } = await shared.pair();
      return { DATABASE_URL: standby.url('orders'), migrationUrl: primary.url('orders') };
    },
  },
  ...(['1.24', '1.26'] as const).flatMap((version) => [
    pgBouncer(version, 'session'),
    pgBouncer(version, 'transaction'),
    pgBouncer(version, 'statement'),
  ]),
  nats('2.10', 'alone', (site) => site.nats('2.10')),
  nats('2.15', 'alone', (site) => site.nats('2.15')),
  replicated(nats('2.10', 'alone', (site) => site.nats('2.10'))),
  nats('2.10', 'cluster of three', (site) => site.nats('2.10', 3)),
  replicated(nats('2.10', 'cluster of three', (site) => site.nats('2.10', 3))),
  replicated(nats('2.15', 'cluster of three', (site) => site.nats('2.15', 3))),
  nats('2.10', 'without JetStream', (site) => site.natsWithoutJetStream('2.10')),
  nats('2.10', 'its stream has `discard: old`', (site) => site.natsWithStream('2.10', { discard: 'old' })),
  nats('2.10', 'its stream has a `duplicate_window` of 2 minutes', (site) =>
    site.natsWithStream('2.10', { duplicate_window: nanos(120_000) }),
  ),
];

function postgres(version: PackagedVersion, mode = 'alone', settings?: Record<string, string>): Row {
  const start = async (site: Site) => ({
    DATABASE_URL: (await site.postgres(version, settings)).url('orders'),
  });
  return { server: 'Postgres', version, mode, start };
}

function pgBouncer(version: PgBouncerVersion, poolMode: string): Row {
  return {
    ...{ server: 'PgBouncer', version, mode: `\`pool_mode = ${poolMode}\`` },
    start: async (site, shared) => {
      const name = `${poolMode}_${version.replace('.', '_')}`;
      const postgresUrl = await shared.database(name);
      const settings = { pool_mode: poolMode, default_pool_size: '40' };
      const bouncer = await PgBouncer.start({ version, postgresUrl, settings });
      site.defer(() => bouncer.stop());
      return { DATABASE_URL: bouncer.url(name) };
    },
  };
}

function nats(version: NatsVersion, mode: string, start: (site: Site) => Promise<string>): Row {
  return {
    ...{ server: 'nats-server', version, mode },
    start: async (site) => ({ NATS_URL: await start(site) }),
  };
}

/** The same with three replicas of the stream. */
function replicated(row: Row): Row {
  const env = { NATS_STREAM_REPLICAS: '3' };
  return { ...row, mode: `${row.mode}, \`NATS_STREAM_REPLICAS=3\``, env };
}
