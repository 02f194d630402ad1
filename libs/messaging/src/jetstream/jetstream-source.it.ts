import { describe, expect, it } from '@jest/globals';
import { AckPolicy, jetstream, type JsMsg } from '@nats-io/jetstream';
import { eventually } from '@orders/resilience/testing/eventually';
import type { Delivery } from '../message.js';
import { someEvent, take } from '../testing/fixtures.js';
import { openReader, readUntilStopped, useJetStream } from '../testing/jetstream-bus.js';
import { JetStreamDelivery } from './deliveries.js';

const jetStream = useJetStream();

const consumerInfo = () => jetStream.manager.consumers.info(jetStream.bus.stream.name, 'reader');

describe('JetStreamSource', () => {
  it('recreates a consumer that disappeared, which delivers the whole stream again', async () => {
    const { bus, manager } = jetStream;
    const [before, after] = [someEvent(), someEvent()];
    await bus.publisher.publish(before);
    const { ids, stop } = readUntilStopped(bus.source);
    await eventually('the first event', () => ids.length === 1);
    await manager.consumers.delete(bus.stream.name, 'reader');
    await bus.publisher.publish(after);
    await eventually('both events again', () => ids.length === 3);
    expect(ids).toEqual([before.id, before.id, after.id]);
    await stop();
  });

  it('yields a burst as one batch after a batch of several, and a single event at once', async () => {
    const { bus } = jetStream;
    const stop = new AbortController();
    // Longer than the test may take: a needless wait fails it. A full batch is not waited for.
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

    await publish(1);
    expect(await nextSize()).toBe(1);
    await publish(3);
    await eventually('all of them sent', async () => (await consumerInfo()).num_pending === 0);
    await (await bus.link.connection()).flush();
    await new Promise(setImmediate);
    expect(await nextSize()).toBe(3);
    const burst = nextSize();
    await publish(4);
    expect(await burst).toBe(4);
    stop.abort();
    await batches.return?.();
  });

  it('finds the raw bytes of headers where this version of the client keeps them', async () => {
    const { bus, manager } = jetStream;
    await bus.publisher.publish(someEvent());
    const connection = await bus.link.connection();
    connection.publish(`${bus.prefix}.things.bare`);
    await manager.consumers.add(bus.stream.name, { durable_name: 'reader', ack_policy: AckPolicy.Explicit });
    const consumer = await jetstream(connection).consumers.get(bus.stream.name, 'reader');
    const [event, bare] = [(await consumer.next())!, (await consumer.next())!];
    const headersOf = (message: JsMsg) =>
      new JetStreamDelivery(message, bus.link.connectionLost).message.headers;
    const parsedByClient = [...event.headers!].map(([name, [value]]) => [name, value]);
    expect(Object.entries(headersOf(event))).toEqual(parsedByClient);
    expect(parsedByClient.length).toBeGreaterThan(10);
    expect(headersOf(bare)).toEqual({});
  });

  it('sends no ack after a lost connection: in a recreated stream it would ack another event', async () => {
    const { bus, manager } = jetStream;
    const [old, young, last] = [someEvent(), someEvent(), someEvent()];
    await bus.publisher.publish(old);
    const [late] = await take(bus.source, 1, () => undefined);
    const { connectionLost } = bus.link;
    await (await bus.link.connection()).reconnect();
    await eventually('the loss of the connection', () => connectionLost.aborted);
    await manager.streams.delete(bus.stream.name);
    await bus.publisher.state();
    await eventually('the event', () => bus.publisher.publish(young).then(Boolean, () => false));
    await take(bus.source, 1, () => undefined);
    late!.ack();
    await bus.publisher.publish(last);
    await take(bus.source, 1);
    await eventually('the last event acked', async () => (await consumerInfo()).num_pending === 0);
    expect(await consumerInfo()).toMatchObject({ num_ack_pending: 1, ack_floor: { stream_seq: 0 } });
  });

  it('redelivers without limit: no event is dropped for its number of attempts', async () => {
    const { bus } = jetStream;
    await bus.publisher.publish(someEvent());
    const taken = await take(bus.source, 20, (delivery) =>
      delivery.attempt < 20 ? delivery.nak(1) : delivery.ack(),
    );
    expect(taken.at(-1)?.attempt).toBe(20);
  });

  it('returns prefetched events at once when it stops reading', async () => {
    const { bus } = jetStream;
    for (let n = 0; n < 40; n += 1) await bus.publisher.publish(someEvent());
    const first = await take(bus.source, 1);
    const rest = await take(bus.source, 40 - first.length);
    expect(first.length + rest.length).toBe(40);
  });
});
