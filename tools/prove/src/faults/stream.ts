import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { streamOf } from '@orders/contracts/streams';
import { consumersOf, producersOf, type Producer } from '@orders/dev/stack/event-flow';
import { copyNewest, fillBlocks, messagesFolder, streamBlocks } from '@orders/dev/stack/stream-blocks';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import type { Random } from '../random.ts';
import { ORDER_PLACED } from '../store.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { NotInjected, nothing, type Fault } from './fault.ts';
import { withNats } from './nats.ts';

/** Faults of streams and durables. Where there are several, a random one is taken. */
export function streamFaults(apps: readonly AppDeclaration[]): Fault[] {
  const producers = producersOf(apps);
  const consumers = consumersOf(apps);
  const durables = consumers.flatMap(({ name, streams }) => streams.map((stream) => ({ name, stream })));
  const readers = consumers.filter(({ streams }) => streams.includes(ORDERS)).map(({ name }) => name);
  return [
    once('stream deleted', (manager, random) => manager.streams.delete(random.pick(producers).stream)),
    once('consumer deleted', (manager, random) => {
      const { stream, name } = random.pick(durables);
      return manager.consumers.delete(stream, name);
    }),
    storeDeleted,
    streamCutShort(readers),
    beginningLost,
    streamFull(producers),
    duplicateWindowExpired(producers),
  ];
}

/** The stream that grows under load. */
const ORDERS = streamOf(ORDER_PLACED).name;

/** A single change of a stream or a durable. */
function once(name: string, work: (manager: JetStreamManager, random: Random) => Promise<unknown>): Fault {
  return {
    name,
    targets: ['nats-server'],
    durationMs: [0, 0],
    component: () => 'nats-server',
    begin: async (sut, { random }) => {
      await withNats(sut, async (connection) => work(await jetstreamManager(connection), random));
      return nothing;
    },
  };
}

const storeDeleted: Fault = {
  name: 'NATS store deleted',
  targets: ['nats-server'],
  durationMs: [0, 1_000],
  component: () => 'nats-server',
  begin: async ({ system }) => {
    const server = system.nats.server!;
    await server.kill();
    rmSync(join(server.folder, 'jetstream'), { recursive: true, force: true });
    return () => server.start();
  },
};

/** Prefix of targets with a reader that is down meanwhile: it does not see that the stream was short. */
const WITH_READER = 'nats-server and every ';

/**
 * What a power cut may leave: the durable as it is, the stream as it was a while before. Nobody publishes again what was
 * replayed since, so new events take the sequences that the consumer has read already.
 */
function streamCutShort(consumers: readonly string[]): Fault {
  const readerOf = (target: string): string | undefined =>
    consumers.find((name) => target === WITH_READER + name);
  return {
    name: 'stream cut short',
    needs: 'one nats-server',
    targets: ['nats-server', ...consumers.map((name) => WITH_READER + name)],
    durationMs: [300, 1_500],
    component: (target) => ['nats-server', readerOf(target) ?? []].flat(),
    begin: async (sut, { target }) => {
      const server = sut.system.nats.server!;
      const messages = messagesFolder(server.folder, ORDERS);
      const earlier = join(server.folder, 'earlier-msgs');
      cpSync(messages, earlier, { recursive: true });
      await withNats(sut, replayNewest);
      const reader = readerOf(target);
      const readers = reader === undefined ? [] : of(sut.system.replicas, reader);
      return async () => {
        await Promise.all(readers.map((replica) => replica.kill()));
        await server.kill();
        rmSync(messages, { recursive: true });
        renameSync(earlier, messages);
        await server.start();
        if (reader !== undefined) await regrown(sut, reader);
        await Promise.all(readers.map((replica) => replica.start()));
      };
    },
  };
}

/** Resolves when the stream has grown, with other events, past what its consumer has read. */
async function regrown(sut: SystemUnderProof, consumer: string): Promise<void> {
  const isLong = (): Promise<boolean> =>
    withNats(sut, async (connection) => {
      const manager = await jetstreamManager(connection);
      // A crash may have left no durable: then the readers create it anew and read everything.
      const durable = await manager.consumers.info(ORDERS, consumer).catch(() => undefined);
      return (await manager.streams.info(ORDERS)).state.last_seq > (durable?.delivered.stream_seq ?? 0);
    });
  await until(isLong, { timeoutMs: 20_000, everyMs: 100, what: 'the stream to grow again' });
}

/** Publishes the newest message many times, as a replay does. */
async function replayNewest(connection: NatsConnection): Promise<void> {
  for (let copy = 0; copy < 20; copy += 1)
    if (!(await copyNewest(connection, { stream: ORDERS, subject: ORDER_PLACED })))
      throw new NotInjected('the stream is empty');
}

/** What a power cut may leave: the oldest block of the stream's messages is gone, all others are there. */
const beginningLost: Fault = {
  name: 'stream loses its beginning',
  needs: 'one nats-server',
  targets: ['nats-server'],
  durationMs: [0, 1_000],
  component: () => 'nats-server',
  begin: async (sut) => {
    const server = sut.system.nats.server!;
    const { folder } = server;
    const blocks = streamBlocks(folder, ORDERS).length + 1;
    const filling = { folder, stream: ORDERS, subject: ORDER_PLACED };
    if (!(await withNats(sut, (connection) => fillBlocks(connection, filling, blocks))))
      throw new NotInjected('the stream is empty');
    await server.kill();
    rmSync(streamBlocks(folder, ORDERS)[0]!);
    return () => server.start();
  },
};

/** What nats-server sends before its first ack: INFO and its part of the TLS handshake. */
const HANDSHAKE_BYTES = 3_000;

function streamFull(producers: readonly Producer[]): Fault {
  return {
    name: 'stream full',
    targets: ['nats-server'],
    durationMs: [500, 3_000],
    component: () => 'nats-server',
    begin: async (sut, { random }) => {
      const { stream } = random.pick(producers);
      await updateStream(sut, stream, { max_msgs: 1 });
      return async () => void (await updateStream(sut, stream, { max_msgs: -1 }));
    },
  };
}

/** Events are stored but their acks are lost. When they are published again, the stream has forgotten their ids. */
function duplicateWindowExpired(producers: readonly Producer[]): Fault {
  return {
    name: 'duplicate window expired',
    targets: ['nats-server'],
    durationMs: [2_500, 4_500],
    component: () => 'nats-server',
    begin: async (sut, { random }) => {
      const { name, stream } = random.fork('producer').pick(producers);
      const edge = of(sut.edges, `${name}-nats`);
      await updateStream(sut, stream, { duplicate_window: nanos(2_000) });
      edge.set({ kind: 'cutAfter', bytes: HANDSHAKE_BYTES + random.int(1_000, 3_000), direction: 'answer' });
      return async () => {
        edge.clear();
        await updateStream(sut, stream, { duplicate_window: nanos(60 * 60 * 1_000) });
      };
    },
  };
}

function updateStream(
  sut: SystemUnderProof,
  stream: string,
  change: Partial<StreamConfig>,
): Promise<unknown> {
  return withNats(sut, async (connection) =>
    (await jetstreamManager(connection)).streams.update(stream, change),
  );
}
