import { describe, expect, it } from '@jest/globals';
import { nanos } from '@nats-io/transport-node';
import { eventually } from '@orders/resilience/testing/eventually';
import { someEvent, take } from '../testing/fixtures.js';
import { openReader, settledWhen, useJetStream } from '../testing/jetstream-bus.js';
import { consumerNames } from './consumer-names.js';

const jetStream = useJetStream();

const consumerInfo = () => jetStream.manager.consumers.info(jetStream.bus.stream.name, 'reader');
const publish = (id: string, subject: string) =>
  jetStream.bus.publisher.publish({ ...someEvent({ id }), subject });

describe('the owner of a durable consumer', () => {
  /** Publishes an event and reads it as this app would. */
  async function readAs(owner: string | undefined): Promise<void> {
    const { bus } = jetStream;
    const event = someEvent();
    await bus.publisher.publish(event);
    const taken = await take(openReader(bus, owner === undefined ? {} : { owner }), 1);
    expect(taken.map(({ message }) => message.id)).toEqual([event.id]);
  }

  // Two apps with one durable shared its events: 12 orders gave 7 shipments and 5 points, without a log line.
  it('is the app that created it: another app is refused, with both names', async () => {
    await readAs('fulfillment');
    const refused = take(openReader(jetStream.bus, { owner: 'loyalty' }), 1);
    await expect(refused).rejects.toThrow(
      'the durable consumer "reader" belongs to the app "fulfillment": "loyalty" needs one of its own name',
    );
    await readAs('fulfillment');
  });

  it('is added to a consumer of a version without owners, which keeps its position', async () => {
    const owner = async () => (await consumerInfo()).config.metadata?.['app'];
    await readAs(undefined);
    expect(await owner()).toBeUndefined();
    await readAs('fulfillment');
    expect(await owner()).toBe('fulfillment');
  });
});

describe('the filter of a durable consumer', () => {
  it('may match more than the reader wants: unwanted events are acked without being read', async () => {
    const { bus } = jetStream;
    await publish('unwanted', 'replay.somebody.made');
    await publish('wanted', 'things.made');
    await publish('replayed', 'replay.reader.made');
    await publish('also-unwanted', 'replay.somebody.made');
    const subjects = [`${bus.prefix}.things.made`, `${bus.prefix}.replay.reader.>`];
    const taken = await take(openReader(bus, { subjects }), 2);
    expect(taken.map(({ message }) => message.id)).toEqual(['wanted', 'replayed']);
    await eventually('all acked', async () => (await consumerInfo()).ack_floor.stream_seq === 4);
    expect((await consumerInfo()).config).toMatchObject({ filter_subject: `${bus.prefix}.>` });

    await publish('next', 'things.made');
    const asked: string[] = [];
    const settled = settledWhen(({ address }) => asked.push(address) > 0);
    const next = await take(openReader(bus, { subjects, settled }), 1);
    expect(next.map(({ message }) => message.id)).toEqual(['next']);
    expect(asked).toEqual([3, 2].map((sequence) => `${bus.stream.name}/${sequence}`));
  });

  it('replaces several filters of an older version, and the consumer keeps its position', async () => {
    const { bus, manager } = jetStream;
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
    const { config } = await consumerInfo();
    expect([config.filter_subject, config.filter_subjects]).toEqual([`${bus.prefix}.>`, undefined]);
  });
});

describe('consumerNames', () => {
  it('returns the durable consumers of a stream, none when there is no stream', async () => {
    const { bus, manager } = jetStream;
    expect(await consumerNames(bus.link, bus.stream)).toEqual([]);
    await bus.publisher.publish(someEvent());
    await take(bus.source, 1);
    await manager.consumers.add(bus.stream.name, { inactive_threshold: nanos(60_000) });
    expect(await consumerNames(bus.link, bus.stream)).toEqual(['reader']);
  });
});
