import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDatabases } from '@orders/dev/stack/databases';
import { resolveNatsServer } from '@orders/dev/stack/nats-binary';
import { NatsServer } from '@orders/dev/stack/nats-server';
import { freePorts } from '@orders/dev/stack/ports';
import { resolvePgDump } from '@orders/dev/stack/postgres-client';
import { run } from '@orders/dev/stack/run';
import { streamMessages } from '@orders/dev/stack/stream-messages';
import { until } from '@orders/dev/stack/until';
import { Cluster, type Database } from './copied-cluster.ts';
import { append, asApp, CREATE_ROLES, migrate, UNCHECKED, USE_UP_IDS } from './orders-database.ts';
import { Relaying } from './relaying-orders.ts';
import { InstalledCluster, installedPostgres } from './upgraded-cluster.ts';

// What each copy of the database of orders makes of the relay; docs/runbooks has the steps for operators.

const folder = mkdtempSync(join(tmpdir(), 'orders-copies-'));
const stack = new AsyncDisposableStack();
stack.defer(() => rmSync(folder, { recursive: true, force: true }));

/** No machine crashes here. */
const NO_SYNC = { fsync: 'off' };
let natsUrl: string;
let origin: Cluster;
let earlyBackup: Cluster;
let fresh: Cluster;

async function cluster(name: string, settings: Record<string, string> = {}): Promise<Cluster> {
  const made = await Cluster.at(join(folder, name, 'postgres'), { ...NO_SYNC, ...settings });
  stack.defer(() => made.dispose());
  return made;
}

async function relaying(copy: Database, database?: string): Promise<Relaying> {
  return Relaying.start({
    folder,
    env: { ...UNCHECKED, DATABASE_URL: asApp(copy.url(database)), NATS_URL: natsUrl },
  });
}

/** Appends an order's event, lets orders run, and returns how many events it has published. */
async function publishedOn(copy: Database, database?: string): Promise<number> {
  await append(copy, 1, database);
  await using orders = await relaying(copy, database);
  const published = await orders.published();
  expect(await missing(copy, database)).toEqual([]);
  return published;
}

/** The events of a log that the stream lacks. */
async function missing(copy: Database, database?: string): Promise<string[]> {
  const inStream = new Set<string>();
  for await (const { header } of streamMessages({ url: natsUrl }, 'ORDERS'))
    inStream.add(header('Nats-Msg-Id')?.split('~')[0] ?? '');
  const rows = await copy.sql<{ id: string }>('SELECT event_id AS id FROM outbox', database);
  return rows.map(({ id }) => id).filter((id) => !inStream.has(id));
}

async function startNats(): Promise<void> {
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const binary = await resolveNatsServer();
  const nats = new NatsServer({ binary, folder: join(folder, 'nats'), port, monitoringPort });
  stack.defer(() => nats.stop());
  await nats.start();
  natsUrl = nats.url;
}

beforeAll(async () => {
  const archive = join(folder, 'archive');
  await run('mkdir', ['-m', '777', archive]);
  await run('chmod', ['755', folder]);
  await startNats();
  const archiving = { archive_mode: 'on', archive_command: `cp %p ${archive}/%f` };
  origin = await cluster('origin', { wal_level: 'logical', ...archiving });
  fresh = await cluster('fresh');
  await Promise.all([origin.start(), fresh.start()]);
  await fresh.sql(CREATE_ROLES, 'postgres');
  await origin.sql(CREATE_ROLES, 'postgres');
  await ensureDatabases(origin.url('postgres'), ['orders']);
  await origin.sql(USE_UP_IDS);
  await migrate(origin.url());
  const recovery = { restore_command: `cp ${archive}/%f %p` };
  earlyBackup = await cluster('early', {
    ...recovery,
    recovery_target_name: 'early',
    recovery_target_action: 'promote',
  });
  await origin.backUpTo(earlyBackup);
  await append(origin, 19);
  expect(await publishedOn(origin)).toBe(20);
  await origin.sql(`SELECT pg_create_restore_point('early')`);
  await append(origin, 9);
  expect(await publishedOn(origin)).toBe(10);
  await append(origin, 5);
}, 120_000);
afterAll(() => stack.disposeAsync(), 60_000);

// The embedded server comes without these programs. Where they cannot be had, their tests are shown as skipped.
const pgDump = await resolvePgDump().catch(() => undefined);
const itWithDump = pgDump ? it : it.skip;
// It takes longer than all the others: every week, in .github/workflows/proof.yml.
const installed = process.env['PG_UPGRADE'] ? installedPostgres() : undefined;

/** SQL that restores a dump; without the commands of psql. */
async function dump(...options: string[]): Promise<string> {
  const text = await pgDump!([...options, '--no-publications', `--dbname=${origin.url()}`]);
  return text.replaceAll(/^\\.*$/gm, '');
}

/** Creates a database in the fresh cluster. */
const makeDatabase = (name: string) => ensureDatabases(fresh.url('postgres'), [name]);

/** Subscribes a database of the fresh cluster, and resolves once it has received the log. */
async function subscribe(database: string, publication: string): Promise<void> {
  await fresh.sql(
    `CREATE SUBSCRIPTION ${database} CONNECTION '${origin.url()}' PUBLICATION ${publication}`,
    database,
  );
  await until(
    async () => {
      const [row] = await fresh.sql<{ done: boolean }>(
        `SELECT bool_and(srsubstate = 'r') AND (SELECT count(*) FROM outbox) = 35 AS done FROM pg_subscription_rel`,
        database,
      );
      return row?.done;
    },
    { timeoutMs: 30_000, what: 'the subscription to receive everything' },
  );
}

// The log of the origin has 35 events: 30 are published.
describe('orders on a copy of its database, as a role that may not update the log', () => {
  it('promoted from a standby publishes what the origin had not', async () => {
    const standby = await cluster('standby', { restore_command: `cp ${join(folder, 'archive')}/%f %p` });
    await origin.backUpTo(standby);
    await standby.write('standby.signal', '');
    await origin.sql('SELECT pg_switch_wal()');
    await standby.start();
    const received = async () =>
      (await standby.sql<{ count: number }>('SELECT count(*)::int FROM outbox'))[0]?.count === 35;
    await until(received, { timeoutMs: 20_000, what: 'the standby to receive the log' });
    await standby.sql('SELECT pg_promote()');
    expect(await publishedOn(standby)).toBe(6);
  });

  it('recovered to a time before the cursor publishes only what is new', async () => {
    await earlyBackup.write('recovery.signal', '');
    await earlyBackup.start();
    const promoted = async () =>
      (await earlyBackup.sql<{ is: boolean }>('SELECT NOT pg_is_in_recovery() AS is'))[0]?.is;
    await until(promoted, { timeoutMs: 20_000, what: 'the end of the recovery' });
    expect(await earlyBackup.sql('SELECT count(*)::int FROM outbox')).toEqual([{ count: 20 }]);
    expect(await publishedOn(earlyBackup)).toBe(1);
  });

  itWithDump('restored into another database of the server publishes what the origin had not', async () => {
    await ensureDatabases(origin.url('postgres'), ['restored']);
    await origin.sql(await dump('--inserts'), 'restored');
    expect(await publishedOn(origin, 'restored')).toBe(6);
  });

  itWithDump(
    'restored into a fresh server publishes everything again, also when a publication sends updates',
    async () => {
      await makeDatabase('restored');
      await fresh.sql(await dump('--inserts'), 'restored');
      await fresh.sql('CREATE PUBLICATION everything FOR ALL TABLES', 'restored');
      expect(await publishedOn(fresh, 'restored')).toBe(36);
    },
  );

  itWithDump(
    'filled by logical replication waits for the end of the subscription, then publishes everything again',
    async () => {
      await makeDatabase('green');
      await fresh.sql(await dump('--schema-only'), 'green');
      await origin.sql('CREATE PUBLICATION green FOR ALL TABLES WITH (publish_via_partition_root)');
      await subscribe('green', 'green');
      await using orders = await relaying(fresh, 'green');
      await orders.logged('subscription \\"green\\" still fills the log');
      expect(await orders.readiness()).toBe(200);
      await fresh.sql('DROP SUBSCRIPTION green', 'green');
      await append(fresh, 1, 'green');
      expect(await orders.published()).toBe(36);
      expect(await missing(fresh, 'green')).toEqual([]);
    },
  );

  it('migrated by itself, then filled by logical replication, publishes everything again', async () => {
    await makeDatabase('migrated');
    await migrate(fresh.url('migrated'));
    await origin.sql(
      'CREATE PUBLICATION migrated FOR TABLE orders, outbox WITH (publish_via_partition_root)',
    );
    await subscribe('migrated', 'migrated');
    await fresh.sql('DROP SUBSCRIPTION migrated', 'migrated');
    expect(await publishedOn(fresh, 'migrated')).toBe(36);
  });

  (installed ? it : it.skip)('upgraded by pg_upgrade publishes what the origin had not', async () => {
    const [old, upgraded] = await Promise.all(
      ['old', 'upgraded'].map((name) => InstalledCluster.initialise(installed!, join(folder, name))),
    );
    await old!.start();
    await old!.sql(CREATE_ROLES, 'postgres');
    await ensureDatabases(old!.url('postgres'), ['orders']);
    await migrate(old!.url());
    expect(await publishedOn(old!)).toBe(1);
    await append(old!, 5);
    await old!.stop();
    await old!.upgradeTo(upgraded!);
    await upgraded!.start();
    try {
      expect(await publishedOn(upgraded!)).toBe(6);
    } finally {
      await upgraded!.stop();
    }
  });
});
