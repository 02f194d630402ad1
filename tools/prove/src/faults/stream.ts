import { randomUUID } from 'node:crypto';
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { connect, headers, nanos, type NatsConnection } from '@nats-io/transport-node';
import { until } from '@orders/dev/stack/until';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { NotInjected, nothing, type Fault } from './fault.ts';

/** Marks what no order led to. */
export const POISON_HEADER = 'x-prove-poison';

async function withNats<T>(
  sut: SystemUnderProof,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: sut.system.nats.url, timeout: 5_000, reconnect: false });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function updateStream(sut: SystemUnderProof, change: Partial<StreamConfig>): Promise<unknown> {
  return withNats(sut, async (connection) =>
    (await jetstreamManager(connection)).streams.update('ORDERS', change),
  );
}

/** Something done once to what NATS keeps. */
function once(name: string, work: (manager: JetStreamManager) => Promise<unknown>): Fault {
  return {
    name,
    targets: ['nats-server'],
    durationMs: [0, 0],
    component: () => 'nats-server',
    begin: async (sut) => {
      await withNats(sut, async (connection) => work(await jetstreamManager(connection)));
      return nothing;
    },
  };
}

/** Nobody who reads the stream sees that it was short. */
const WITH_ITS_READERS = 'nats-server and every fulfillment';

/** Resolves when the stream is again as long as its consumer has read it, with other events. */
async function regrown(sut: SystemUnderProof): Promise<void> {
  const isLong = (): Promise<boolean> =>
    withNats(sut, async (connection) => {
      const manager = await jetstreamManager(connection);
      // A crash may have left no consumer: then nothing is hidden from its readers, who make it anew.
      const standing = await manager.consumers.info('ORDERS', 'fulfillment').catch(() => undefined);
      return (await manager.streams.info('ORDERS')).state.last_seq > (standing?.delivered.stream_seq ?? 0);
    });
  await until(isLong, { timeoutMs: 20_000, everyMs: 100, what: 'the stream to grow again' });
}

/** As a replay does it, many times. */
async function replayNewest(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection);
  const newest = await manager.streams.getMessage('ORDERS', { last_by_subj: 'orders.created' });
  if (!newest) throw new NotInjected('the stream is empty');
  for (let copy = 0; copy < 20; copy += 1) {
    const marked = headers();
    for (const [name, values] of newest.header)
      if (name.startsWith('ce-')) for (const value of values) marked.append(name, value);
    await jetstream(connection).publish('orders.created', newest.data, {
      headers: marked,
      msgID: randomUUID(),
    });
  }
}

const HEADERS = {
  'ce-specversion': '1.0',
  'ce-source': 'urn:prove',
  'ce-type': 'orders.created',
  'ce-time': '2026-01-01T00:00:00Z',
  'ce-dataschema': 'urn:schema:orders.created:v1',
  'ce-sequence': '0000000001',
};

/** What a rogue, or a bug, could publish on our subjects. */
const POISON: Record<string, () => { subject?: string; attributes?: Record<string, string>; body: string }> =
  {
    'no JSON': () => ({ body: '{"id":' }),
    'wrong schema': () => ({ body: JSON.stringify({ id: 7, items: 'none' }) }),
    'unknown type': () => ({
      subject: 'orders.created',
      attributes: { 'ce-type': 'orders.exploded' },
      body: '{}',
    }),
    'no headers': () => ({
      attributes: Object.fromEntries(Object.keys(HEADERS).map((name) => [name, ''])),
      body: '{}',
    }),
    'large body': () => ({ body: 'x'.repeat(900_000) }),
    'units beyond integer': () => ({
      body: JSON.stringify({
        id: randomUUID(),
        customerId: 'rogue',
        items: [{ sku: 'x', quantity: 3_000_000_000, priceCents: 1 }],
        totalCents: 3_000_000_000,
        status: 'CREATED',
        createdAt: '2026-01-01T00:00:00.000Z',
        version: 1,
      }),
    }),
  };

export const STREAM_FAULTS: readonly Fault[] = [
  once('stream deleted', (manager) => manager.streams.delete('ORDERS')),
  once('consumer deleted', (manager) => manager.consumers.delete('ORDERS', 'fulfillment')),
  {
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
  },
  {
    // What a power cut leaves: the consumer as it is, the stream as it was a while before. What has been replayed since
    // nobody publishes again, so that new events take the places of what the consumer has read.
    name: 'stream cut short',
    targets: ['nats-server', WITH_ITS_READERS],
    durationMs: [300, 1_500],
    component: (target) => (target === WITH_ITS_READERS ? ['nats-server', 'fulfillment'] : 'nats-server'),
    begin: async (sut, { target }) => {
      const server = sut.system.nats.server!;
      const messages = join(server.folder, 'jetstream/$G/streams/ORDERS/msgs');
      const earlier = join(server.folder, 'earlier-msgs');
      cpSync(messages, earlier, { recursive: true });
      await withNats(sut, replayNewest);
      const readers = target === WITH_ITS_READERS ? sut.system.replicas.fulfillment : [];
      return async () => {
        await Promise.all(readers.map((reader) => reader.kill()));
        await server.kill();
        rmSync(messages, { recursive: true });
        renameSync(earlier, messages);
        await server.start();
        if (readers.length > 0) await regrown(sut);
        await Promise.all(readers.map((reader) => reader.start()));
      };
    },
  },
  {
    name: 'stream full',
    targets: ['nats-server'],
    durationMs: [500, 3_000],
    component: () => 'nats-server',
    begin: async (sut) => {
      await updateStream(sut, { max_msgs: 1 });
      return async () => void (await updateStream(sut, { max_msgs: -1 }));
    },
  },
  {
    // Events are stored, their acks are lost, and when they come again the stream has forgotten them.
    name: 'duplicate window expired',
    targets: ['nats-server'],
    durationMs: [2_500, 4_500],
    component: () => 'nats-server',
    begin: async (sut, { random }) => {
      const edge = sut.edges['orders-nats'];
      await updateStream(sut, { duplicate_window: nanos(2_000) });
      edge.set({ kind: 'cutAfter', bytes: random.int(1_000, 3_000), direction: 'answer' });
      return async () => {
        edge.clear();
        await updateStream(sut, { duplicate_window: nanos(60 * 60 * 1_000) });
      };
    },
  },
  {
    name: 'poison',
    targets: Object.keys(POISON),
    durationMs: [0, 0],
    component: () => 'nats-server',
    begin: async (sut, { target }) => {
      const { subject = 'orders.created', attributes, body } = POISON[target]!();
      await withNats(sut, async (connection) => {
        const marked = headers();
        const all = { 'ce-id': randomUUID(), 'ce-subject': randomUUID(), ...HEADERS, ...attributes };
        for (const [name, value] of Object.entries(all)) if (value !== '') marked.append(name, value);
        marked.append(POISON_HEADER, target);
        await jetstream(connection).publish(subject, body, { headers: marked });
      });
      return nothing;
    },
  },
];
