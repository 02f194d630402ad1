import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { FaultProxy } from '@orders/resilience/testing';
import type { Delivery } from '../message.js';
import { itIsABus } from '../testing/bus-conformance.js';
import { eventually, recordingLog, someEvent, take } from '../testing/fixtures.js';
import { knowing, openBus, openReader } from '../testing/jetstream-bus.js';
import { requiredUrl } from '../testing/test-database.js';
import { consumerNames } from './consumer-names.js';
import { JetStreamDelivery } from './deliveries.js';
import type { JetStreamSource } from './jetstream-source.js';
import { NatsLink } from './nats-link.js';

describe('JetStream', () => {
  let manager: JetStreamManager;
  const link = new NatsLink({ url: requiredUrl('TEST_NATS_URL'), name: 'admin', logger: recordingLog() });
  beforeAll(async () => {
    manager = await jetstreamManager(await link.connection());
  });
  afterAll(() => link.close());

  it('is a stream that keeps what it was given', async () => {
    const bus = openBus();
    await bus.publisher.publish(someEvent());
    const { config } = await manager.streams.info(bus.stream.name);
    expect(config).toMatchObject({ storage: 'file', discard: 'new', deny_delete: true, deny_purge: true });
    await bus.link.close();
  });

  it('makes a stream that vanished anew: the publish that met it fails, the next one works', async () => {
    const bus = openBus();
    await bus.publisher.publish(someEvent());
    await manager.streams.delete(bus.stream.name);
    await expect(bus.publisher.publish(someEvent())).rejects.toThrow();
    await bus.publisher.publish(someEvent());
    expect((await manager.streams.info(bus.stream.name)).state.messages).toBe(1);
    await bus.link.close();
  });

  it('makes a consumer that vanished anew, and delivers all of the stream to it', async () => {
    const bus = openBus();
    const [before, after] = [someEvent(), someEvent()];
    await bus.publisher.publish(before);
    const stop = new AbortController();
    const ids: string[] = [];
    const reading = (async () => {
      for await (const batch of bus.source.batches(8, stop.signal)) {
        for (const delivery of batch) {
          ids.push(delivery.message.id);
          delivery.ack();
        }
      }
    })();
    await eventually('the first event', () => ids.length === 1);
    await manager.consumers.delete(bus.stream.name, 'reader');
    await bus.publisher.publish(after);
    await eventually('both events again', () => ids.length === 3);
    expect(ids).toEqual([before.id, before.id, after.id]);
    stop.abort();
    await reading;
    await bus.link.close();
  });

  it('delivers a burst as one batch when several have come together before, and one that comes alone at once', async () => {
    const bus = openBus();
    const stop = new AbortController();
    // Longer than the test may take: who waits in vain is found out. A batch that is full waits no longer.
    const lingerMs = 600_000;
    const batches = openReader(bus, { lingerMs }).batches(4, stop.signal)[Symbol.asyncIterator]();
    const nextSize = async () => {
      const { value } = (await batches.next()) as { value: Delivery[] };
      for (const delivery of value) delivery.ack();
      return value.length;
    };
    const publish = async (count: number) => {
      for (let n = 0; n < count; n += 1) await bus.publisher.publish(someEvent());
    };
    const delivered = async () => (await manager.consumers.info(bus.stream.name, 'reader')).num_pending === 0;

    await publish(1);
    expect(await nextSize()).toBe(1);
    await publish(3);
    await eventually('all of them sent', delivered);
    await (await bus.link.connection()).flush();
    await new Promise(setImmediate);
    expect(await nextSize()).toBe(3);
    const burst = nextSize();
    await publish(4);
    expect(await burst).toBe(4);
    stop.abort();
    await batches.return?.();
    await bus.link.close();
  });

  it('finds the headers of an event where this version of the client has their bytes', async () => {
    const bus = openBus();
    await bus.publisher.publish(someEvent());
    const connection = await bus.link.connection();
    connection.publish(`${bus.prefix}.things.bare`);
    await manager.consumers.add(bus.stream.name, { durable_name: 'reader', ack_policy: AckPolicy.Explicit });
    const consumer = await jetstream(connection).consumers.get(bus.stream.name, 'reader');
    const [event, bare] = [(await consumer.next())!, (await consumer.next())!];
    const headersOf = (message: JsMsg) =>
      new JetStreamDelivery(message, bus.link.interruption).message.headers;
    const asTheClientDoes = [...event.headers!].map(([name, [value]]) => [name, value]);
    expect(Object.entries(headersOf(event))).toEqual(asTheClientDoes);
    expect(asTheClientDoes.length).toBeGreaterThan(10);
    expect(headersOf(bare)).toEqual({});
    await bus.link.close();
  });

  it('acks nothing after an interruption: in a stream made anew it would be the ack of another event', async () => {
    const bus = openBus();
    const state = () => manager.consumers.info(bus.stream.name, 'reader');
    const [old, young, last] = [someEvent(), someEvent(), someEvent()];
    await bus.publisher.publish(old);
    const [late] = await take(bus.source, 1, () => undefined);
    const { interruption } = bus.link;
    await (await bus.link.connection()).reconnect();
    await eventually('the interruption', () => interruption.aborted);
    await manager.streams.delete(bus.stream.name);
    await bus.publisher.state();
    await eventually('the event', () => bus.publisher.publish(young).then(Boolean, () => false));
    await take(bus.source, 1, () => undefined);
    late!.ack();
    await bus.publisher.publish(last);
    await take(bus.source, 1);
    await eventually('the last event acked', async () => (await state()).num_pending === 0);
    expect(await state()).toMatchObject({ num_ack_pending: 1, ack_floor: { stream_seq: 0 } });
    await bus.link.close();
  });

  it('is given what it wants, and acks the rest unseen', async () => {
    const bus = openBus();
    const publish = (id: string, subject: string) => bus.publisher.publish({ ...someEvent({ id }), subject });
    await publish('theirs', 'replay.somebody.made');
    await publish('mine', 'things.made');
    await publish('again', 'replay.reader.made');
    await publish('theirs-too', 'replay.somebody.made');
    const subjects = [`${bus.prefix}.things.made`, `${bus.prefix}.replay.reader.>`];
    const asked: string[] = [];
    const settled = knowing(({ address }) => asked.push(address) > 0);
    const taken = await take(openReader(bus, { subjects }), 2);
    expect(taken.map(({ message }) => message.id)).toEqual(['mine', 'again']);
    const standing = () => manager.consumers.info(bus.stream.name, 'reader');
    await eventually('all acked', async () => (await standing()).ack_floor.stream_seq === 4);
    expect((await standing()).config).toMatchObject({ filter_subject: `${bus.prefix}.>` });

    await publish('next', 'things.made');
    const next = await take(openReader(bus, { subjects, settled }), 1);
    expect(next.map(({ message }) => message.id)).toEqual(['next']);
    expect(asked).toEqual([3, 2].map((sequence) => `${bus.stream.name}/${sequence}`));
    await bus.link.close();
  });

  it('gives a consumer that had several filters one, and keeps where it stands', async () => {
    const bus = openBus();
    const [first, second] = [someEvent(), someEvent()];
    await bus.publisher.publish(first);
    const subjects = [`${bus.prefix}.things.made`, `${bus.prefix}.replay.>`];
    await take(openReader(bus, { subjects }), 1);
    await manager.consumers.update(bus.stream.name, 'reader', {
      filter_subject: '',
      filter_subjects: subjects,
    });
    await bus.publisher.publish(second);
    const next = await take(openReader(bus, { subjects }), 1);
    expect(next.map(({ message }) => message.id)).toEqual([second.id]);
    const { config } = await manager.consumers.info(bus.stream.name, 'reader');
    expect([config.filter_subject, config.filter_subjects]).toEqual([`${bus.prefix}.>`, undefined]);
    await bus.link.close();
  });

  it('tells another stream from the one that it was, and how long it is', async () => {
    const bus = openBus();
    const { sequence, duplicate } = await bus.publisher.publish(someEvent());
    expect([sequence, duplicate]).toEqual([1, false]);
    const before = await bus.publisher.state();
    expect(before.lastSequence).toBe(1);
    await manager.streams.delete(bus.stream.name);
    const after = await bus.publisher.state();
    expect(after).toEqual({ id: expect.not.stringContaining(before.id), lastSequence: 0 });
    await bus.link.close();
  });

  it('notices a black hole within seconds, and works on as soon as the server can be reached', async () => {
    const url = new URL(requiredUrl('TEST_NATS_URL'));
    await using edges = new AsyncDisposableStack();
    const edge = await FaultProxy.listen('nats', Number(url.port));
    edges.defer(() => edge.close());
    const bus = openBus({ url: Object.assign(url, { port: String(edge.port) }).href });
    await bus.publisher.publish(someEvent());
    edge.set({ kind: 'blackhole' });
    const isLost = () => bus.logger.lines.some(({ message }) => message === 'NATS disconnect');
    await eventually('the loss to be noticed', isLost, 8_000);
    edge.clear();
    const isWell = () => bus.publisher.publish(someEvent()).then(Boolean, () => false);
    await eventually('the server to be reached again', isWell);
    await bus.link.close();
  });

  it('never gives up a server: reconnects after more than ten attempts', async () => {
    const url = new URL(requiredUrl('TEST_NATS_URL'));
    const before = await FaultProxy.listen('nats', Number(url.port));
    const target = Number(url.port);
    const bus = openBus({ url: Object.assign(url, { port: String(before.port) }).href });
    await bus.publisher.publish(someEvent());
    const { port } = before;
    await before.close();
    // Each attempt waits 250 to 500 ms.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const after = await FaultProxy.listen('nats', target, port);
    const isWell = () => bus.publisher.publish(someEvent()).then(Boolean, () => false);
    await eventually('the server to be reached again', isWell);
    await bus.link.close();
    await after.close();
  });

  it('gives up a server that never comes when it is closed', async () => {
    const proxy = await FaultProxy.listen('nats', 1);
    const url = `nats://127.0.0.1:${proxy.port}`;
    await proxy.close();
    const lost = new NatsLink({ url, name: 'test', logger: recordingLog() });
    const refused = { message: expect.stringContaining('500 ms'), cause: expect.any(Error) };
    await expect(lost.connection(500)).rejects.toMatchObject(refused);
    const waiting = lost.connection(60_000);
    await Promise.all([lost.close(), expect(waiting).rejects.toThrow('closed')]);
  });

  it('names the durable consumers of a stream, none when there is no stream', async () => {
    const bus = openBus();
    expect(await consumerNames(bus.link, bus.stream)).toEqual([]);
    await bus.publisher.publish(someEvent());
    await take(bus.source, 1);
    await manager.consumers.add(bus.stream.name, { inactive_threshold: nanos(60_000) });
    expect(await consumerNames(bus.link, bus.stream)).toEqual(['reader']);
    await bus.link.close();
  });

  it('delivers without limit what is refused: nothing is dropped by its count', async () => {
    const bus = openBus();
    await bus.publisher.publish(someEvent());
    const taken = await take(bus.source, 20, (delivery) =>
      delivery.attempt < 20 ? delivery.nak(1) : delivery.ack(),
    );
    expect(taken.at(-1)?.attempt).toBe(20);
    await bus.link.close();
  });

  it('hands back at once what was prefetched and not read', async () => {
    const bus = openBus();
    for (let n = 0; n < 40; n += 1) await bus.publisher.publish(someEvent());
    const first = await take(bus.source, 1);
    const rest = await take(bus.source, 40 - first.length);
    expect(first.length + rest.length).toBe(40);
    await bus.link.close();
  });
});

itIsABus('JetStream', async () => {
  const { link, stream, publisher, source, prefix } = openBus({ ackWaitMs: 500 });
  const manager = await jetstreamManager(await link.connection());
  return {
    publisher,
    source: withoutPrefix(source, prefix),
    close: async () => {
      await manager.streams.delete(stream.name).catch(() => undefined);
      await link.close();
    },
  };
});

function withoutPrefix(source: JetStreamSource, prefix: string): JetStreamSource {
  const batches = async function* (max: number, signal: AbortSignal) {
    for await (const batch of source.batches(max, signal)) {
      yield batch.map((delivery) => {
        const subject = delivery.message.subject.slice(prefix.length + 1);
        return Object.assign(Object.create(delivery) as Delivery, {
          message: { ...delivery.message, subject },
        });
      });
    }
  };
  return Object.assign(Object.create(source) as JetStreamSource, { batches });
}
