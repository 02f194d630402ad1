import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '@orders/dev/stack/nats-access';
import type { NatsCluster } from '@orders/dev/stack/nats-cluster';
import { ROOT } from '@orders/dev/stack/paths';
import { until } from '@orders/dev/stack/until';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { customersOrdering, expectNothingLost } from './load.ts';

const STREAM = 'ORDERS';

let sut: SystemUnderTest;
let cluster: NatsCluster;
let alice: Customer;
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  const nats = { version: '2.15', nodes: 3 } as const;
  sut = await freshSystem({ nats, env: { NATS_STREAM_REPLICAS: '3' } });
  cluster = sut.system.nats.cluster!;
  alice = await Customer.of(sut.system, 'alice');
  connection = await connectNats(cluster.access);
  manager = await jetstreamManager(connection, { checkAPI: false, timeout: 2_000 });
}, 120_000);
afterAll(async () => {
  await connection?.close();
  await sut?.dispose();
}, 60_000);

/** Orders while `fault` happens; afterwards every order has its event and its effect. */
async function orderDuring(fault: () => Promise<void>): Promise<void> {
  const load = customersOrdering(alice, 2);
  await load.more(20);
  await fault();
  await load.more(20);
  await load.stop();
  await until(streamInfo, { timeoutMs: 60_000, what: 'the leaders' });
  await nothingIsLost(load.acknowledged);
}

/** As {@link expectNothingLost}, which cannot read a stream without a leader: then again. */
async function nothingIsLost(acknowledged: readonly string[]): Promise<void> {
  let failure: unknown;
  const holds = () =>
    expectNothingLost(sut.system, acknowledged).then(
      () => true,
      (error: unknown) => void (failure = error),
    );
  await until(holds, { timeoutMs: 40_000, what: 'the same orders everywhere' }).catch((cause: unknown) => {
    throw new Error(String(failure), { cause });
  });
}

/** The state of the stream, and undefined while JetStream or the stream has no leader. */
async function streamInfo() {
  const answers = Promise.all([manager.streams.info(STREAM), manager.getAccountInfo()]);
  return answers.then(([info]) => info).catch(() => undefined);
}

/** Resolves once every replica of the stream has all that its leader has. */
async function allReplicasCurrent(): Promise<void> {
  const areCurrent = async () => {
    const replicas = (await streamInfo())?.cluster?.replicas ?? [];
    return replicas.length === 2 && replicas.every(({ current, offline }) => current && !offline);
  };
  await until(areCurrent, { timeoutMs: 60_000, what: 'all replicas' });
}

async function command(app: string, ...args: string[]) {
  const env = sut.commandEnvironment(app);
  const run = spawn('npm', ['run', '--silent', app, '--', ...args], { cwd: ROOT, env });
  let output = '';
  for (const stream of [run.stdout, run.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const code = await new Promise((resolve) => run.once('close', resolve));
  return { code, output };
}

describe('a cluster of three nats-servers, three replicas', () => {
  it('whose leader is killed and comes back with an empty disk loses no event', async () => {
    const leader = await cluster.leaderOf(STREAM);
    await orderDuring(() => leader.kill());
    expect(await cluster.leaderOf(STREAM)).not.toBe(leader);
    leader.wipe();
    await leader.start();
    await orderDuring(allReplicasCurrent);
  }, 120_000);

  it('whose leader is cut off from the others loses no event', async () => {
    const leader = await cluster.leaderOf(STREAM);
    await orderDuring(async () => {
      cluster.isolate(leader);
      const isElected = async () => (await cluster.leaderOf(STREAM)) !== leader;
      await until(isElected, { timeoutMs: 60_000, what: 'another leader' });
      cluster.heal();
      await allReplicasCurrent();
    });
  }, 120_000);
});

describe('a stream with one replica, whose server is gone for good', () => {
  it('is told of in one line, and made anew by the command', async () => {
    await manager.streams.update(STREAM, { num_replicas: 1 });
    const isAlone = async () => {
      const info = await streamInfo();
      return info !== undefined && (info.cluster?.replicas ?? []).length === 0;
    };
    await until(isAlone, { timeoutMs: 60_000, what: 'a single replica' });
    const load = customersOrdering(alice, 2);
    await load.more(20);
    await (await cluster.leaderOf(STREAM)).kill();
    await load.more(20);
    const line = 'stream ORDERS: the servers that store it do not answer';
    const isTold = async () => sut.lines.some((text) => text.startsWith('orders: ') && text.includes(line));
    await until(isTold, { timeoutMs: 60_000, what: 'the line' });

    const anew = await command('orders', 'stream', 'recreate', '--force');
    expect(anew).toEqual({ code: 0, output: 'stream ORDERS is new; the relay publishes what its log has\n' });
    await load.stop();
    await until(streamInfo, { timeoutMs: 60_000, what: 'the leaders' });
    await nothingIsLost(load.acknowledged);
  }, 180_000);
});
