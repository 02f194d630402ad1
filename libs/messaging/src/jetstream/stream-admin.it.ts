import { describe, expect, it } from '@jest/globals';
import { type NatsConnection, TimeoutError } from '@nats-io/transport-node';
import { someEvent } from '../testing/fixtures.js';
import { useJetStream } from '../testing/jetstream-bus.js';
import type { NatsLink } from './nats-link.js';
import { StreamAdmin } from './stream-admin.js';

const jetStream = useJetStream();

/** A link on which requests about the stream get no answer, as from a cluster that has no leader for it. */
function linkWithout(isSilent: (subject: string) => boolean): NatsLink {
  const { link } = jetStream.bus;
  const connection = async () => {
    const real = await link.connection();
    const request: NatsConnection['request'] = (subject, ...others) =>
      isSilent(subject) ? Promise.reject(new TimeoutError()) : real.request(subject, ...others);
    return Object.assign(Object.create(real) as NatsConnection, { request });
  };
  return Object.assign(Object.create(link) as NatsLink, { connection });
}

const isDelete = (subject: string) => subject.includes('.STREAM.DELETE.');
const isLookUp = (subject: string) => subject.includes('.STREAM.INFO.');
const never = () => new AbortController().signal;
const messages = async () => {
  const { bus, manager } = jetStream;
  return (await manager.streams.info(bus.stream.name)).state.messages;
};

describe('making a stream anew', () => {
  it('ends with an error when nobody deletes the old one; it went on for ever', async () => {
    const { bus } = jetStream;
    await bus.publisher.publish(someEvent());
    const admin = new StreamAdmin(linkWithout(isDelete), bus.stream);
    const line = `stream ${bus.stream.name} is still the old one, nobody deletes it`;
    await expect(admin.recreate(never(), 100)).rejects.toThrow(line);
    expect(await messages()).toBe(1);
  });

  it('is ended by a signal, which it did not hear', async () => {
    const { bus } = jetStream;
    await bus.publisher.publish(someEvent());
    const stop = new AbortController();
    const link = linkWithout((subject) => {
      if (isDelete(subject)) stop.abort();
      return isDelete(subject);
    });
    expect(await new StreamAdmin(link, bus.stream).recreate(stop.signal)).toBe(false);
  });

  it('takes the old one for no new one although it could not be looked up at first', async () => {
    const { bus } = jetStream;
    await bus.publisher.publish(someEvent());
    const silent = [isLookUp, isDelete];
    const link = linkWithout((subject) => {
      if (!silent[0]?.(subject)) return false;
      silent.shift();
      return true;
    });
    expect(await new StreamAdmin(link, bus.stream).recreate(never())).toBe(true);
    expect(await messages()).toBe(0);
  });
});
