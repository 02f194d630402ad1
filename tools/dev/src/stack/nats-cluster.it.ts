import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { resolveNatsServer } from './nats-binary.ts';
import { NatsCluster } from './nats-cluster.ts';
import { until } from './until.ts';

describe.each(['2.10', '2.15'] as const)('a cluster of three nats-servers %s', (version) => {
  let folder: string;
  let cluster: NatsCluster;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nats-cluster-'));
    cluster = await NatsCluster.create({ binary: await resolveNatsServer({ version }), folder });
    await cluster.start();
    connection = await connect({ servers: cluster.url.split(','), maxReconnectAttempts: -1 });
    manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'THINGS', subjects: ['things.>'], num_replicas: 3 });
  }, 60_000);
  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Publishes until the stream acks; returns the sequence. */
  const publish = () => {
    const attempt = () =>
      jetstream(connection, { timeout: 1_000 })
        .publish('things.made')
        .then(
          ({ seq }) => seq,
          () => undefined,
        );
    return until(attempt, { timeoutMs: 30_000, what: 'an ack' });
  };

  it('elects another leader when the leader is killed, and one that was wiped gets everything again', async () => {
    await publish();
    const leader = await cluster.leaderOf('THINGS');
    await leader.kill();
    const last = await publish();
    expect(await cluster.leaderOf('THINGS')).not.toBe(leader);
    leader.wipe();
    await leader.start();
    const replicas = async () =>
      (await manager.streams.info('THINGS').catch(() => undefined))?.cluster?.replicas;
    const isLevel = async () => (await replicas())?.every(({ current, offline }) => current && !offline);
    await until(isLevel, { timeoutMs: 30_000, what: 'the replica' });
    expect((await manager.streams.info('THINGS')).state.last_seq).toBe(last);
  });

  it('goes on without a node that is cut off from the others, which joins again once it is healed', async () => {
    const leader = await cluster.leaderOf('THINGS');
    cluster.isolate(leader);
    const isOther = async () => (await cluster.leaderOf('THINGS')) !== leader;
    await until(isOther, { timeoutMs: 30_000, what: 'another leader' });
    cluster.heal();
    await publish();
  });
});
