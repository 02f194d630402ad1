import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveNatsServer } from '@orders/dev/stack/nats-binary';
import { NatsServer } from '@orders/dev/stack/nats-server';
import { freePorts } from '@orders/dev/stack/ports';
import { removePostgres } from '@orders/dev/stack/postgres';
import { startServers } from '@orders/dev/stack/servers';
import { Tasks } from '@orders/dev/stack/tasks';
import { sql } from './copied-cluster.ts';
import { append, migrate, UNCHECKED } from './orders-database.ts';
import { Relaying } from './relaying-orders.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'unfit-nats-'));
const stack = new AsyncDisposableStack();
let withJetStream: NatsServer;
/** The same server after a change of its configuration. */
let withoutJetStream: NatsServer;
let databaseUrl: string;

beforeAll(async () => {
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const options = { binary: await resolveNatsServer(), folder: join(dataDir, 'nats'), port, monitoringPort };
  withJetStream = new NatsServer(options);
  withoutJetStream = new NatsServer({ ...options, jetStream: false });
  for (const server of [withJetStream, withoutJetStream]) stack.defer(() => server.stop());
  await withJetStream.start();
  const own = { dataDir, natsUrl: withJetStream.url, databases: ['orders'] };
  const { postgres } = await startServers(own, new Tasks(), stack);
  databaseUrl = postgres.url('orders');
  await migrate(databaseUrl);
}, 60_000);
afterAll(async () => {
  await stack.disposeAsync();
  removePostgres(join(dataDir, 'postgres'));
  rmSync(dataDir, { recursive: true });
}, 60_000);

const appendOne = () => append({ url: () => databaseUrl, sql: (text) => sql(databaseUrl, text) }, 1);

describe('a nats-server that comes back without JetStream', () => {
  it('takes no orders out of service that has published: it keeps its events', async () => {
    const env = { ...UNCHECKED, DATABASE_URL: databaseUrl, NATS_URL: withJetStream.url };
    await using orders = await Relaying.start({ folder: dataDir, env });
    await appendOne();
    await orders.published();
    await withJetStream.stop();
    await withoutJetStream.start();
    await orders.logged('nats-server has no JetStream');
    expect(await orders.readiness()).toBe(200);
    await appendOne();
    await withoutJetStream.stop();
    await withJetStream.start();
    await orders.published();
  });
});
