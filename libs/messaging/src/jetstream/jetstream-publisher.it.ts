import { describe, expect, it } from '@jest/globals';
import { createInbox } from '@nats-io/transport-node';
import type { Receipt } from '../message.js';
import { someEvent } from '../testing/fixtures.js';
import { useJetStream } from '../testing/jetstream-bus.js';
import { JetStreamPublisher } from './jetstream-publisher.js';

const jetStream = useJetStream();

describe('JetStreamPublisher', () => {
  it('creates a stream that keeps what it was given', async () => {
    const { bus, manager } = jetStream;
    await bus.publisher.publish(someEvent());
    const { config } = await manager.streams.info(bus.stream.name);
    expect(config).toMatchObject({ storage: 'file', discard: 'new', deny_delete: true, deny_purge: true });
  });

  it('recreates a stream that disappeared: the publish that meets it fails, the next one works', async () => {
    const { bus, manager } = jetStream;
    await bus.publisher.publish(someEvent());
    await manager.streams.delete(bus.stream.name);
    await expect(bus.publisher.publish(someEvent())).rejects.toThrow();
    await bus.publisher.publish(someEvent());
    expect((await manager.streams.info(bus.stream.name)).state.messages).toBe(1);
  });

  it('returns another id and length for a recreated stream', async () => {
    const { bus, manager } = jetStream;
    const { sequence, duplicate } = await bus.publisher.publish(someEvent());
    expect([sequence, duplicate]).toEqual([1, false]);
    const before = await bus.publisher.state();
    expect(before.lastSequence).toBe(1);
    await manager.streams.delete(bus.stream.name);
    const after = await bus.publisher.state();
    expect(after).toMatchObject({ id: expect.not.stringContaining(before.id), lastSequence: 0 });
  });

  it.each([
    ['without a sequence', {}],
    ['with the sequence 0: a cluster of 2.10 has refused the message before', { seq: 0, duplicate: true }],
  ])('takes an ack %s for no proof that the message is stored', async (_, ack) => {
    const { bus } = jetStream;
    const publish = await answeredWith({ stream: bus.stream.name, ...ack });
    expect(await publish()).toEqual({ sequence: 0, duplicate: true });
  });

  it('rejects when another stream acks the message', async () => {
    const publish = await answeredWith({ stream: 'another', seq: 7 });
    await expect(publish()).rejects.toThrow('the stream another acked a message');
  });
});

/** A publish to a subject on which something else answers in place of the stream. */
async function answeredWith(ack: object): Promise<() => Promise<Receipt>> {
  const { link, stream } = jetStream.bus;
  const subject = createInbox();
  const connection = await link.connection();
  connection.subscribe(subject, { callback: (_error, message) => void message.respond(JSON.stringify(ack)) });
  const publisher = new JetStreamPublisher(link, stream);
  return () => publisher.publish({ ...someEvent(), subject });
}
