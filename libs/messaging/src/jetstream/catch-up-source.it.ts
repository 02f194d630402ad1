import { describe, expect, it } from '@jest/globals';
import { AckPolicy } from '@nats-io/jetstream';
import { eventually } from '@orders/resilience/testing/eventually';
import { someEvent, take } from '../testing/fixtures.js';
import {
  NATS_SERVERS,
  openReader,
  readUntilStopped,
  settledWhen,
  useJetStream,
} from '../testing/jetstream-bus.js';
import { CatchUpSource } from './catch-up-source.js';
import { ConsumerAdmin } from './consumer-admin.js';

describe.each(NATS_SERVERS)('a durable consumer whose filter was widened, on %s', (_version, url) => {
  const jetStream = useJetStream(url);

  const subjectOf = (kind: string) => `${jetStream.bus.prefix}.things.${kind}`;
  const publish = async (kind: string) => {
    const event = someEvent();
    await jetStream.bus.publisher.publish({ ...event, subject: `things.${kind}` });
    return event.id;
  };
  const info = (durable = 'reader') =>
    jetStream.manager.consumers.info(jetStream.bus.stream.name, durable).catch(() => undefined);
  const catchUpOf = (kind: string, kinds: readonly string[], overlapMs = 0) => {
    const { link, stream, logger } = jetStream.bus;
    const subjects = kinds.map(subjectOf);
    const durable = { link, stream, durable: 'reader', subjects, logger };
    return new CatchUpSource({ ...durable, subject: subjectOf(kind), overlapMs, checkMs: 50 });
  };
  const temporaryOf = (kind: string) => `reader-catch-up-${subjectOf(kind).replaceAll('.', '-')}`;

  // Before, they were delivered only after a restart of nats-server, or never.
  it('gets what it has passed over, once, and then records that', async () => {
    const old = [await publish('made'), await publish('sold')];
    await take(openReader(jetStream.bus, { subjects: [subjectOf('made')] }), 1);
    const more = await publish('sold');
    // A server that restarts may deliver it; the position must be behind it.
    const last = await publish('made');
    await take(openReader(jetStream.bus, { subjects: [subjectOf('made')] }), 1);

    const kinds = ['made', 'sold'];
    const main = readUntilStopped(openReader(jetStream.bus, { subjects: kinds.map(subjectOf) }));
    const catchUps = kinds.map((kind) => readUntilStopped(catchUpOf(kind, kinds)));
    await eventually('all events', () => catchUps[1]!.ids.length === 2);
    expect(catchUps.map(({ ids }) => ids)).toEqual([[], [old[1], more]]);
    await eventually('the end of the catch-up', async () => !(await info(temporaryOf('sold'))));
    const isRecorded = async () =>
      (await info())?.config.metadata?.['complete-subjects'] === kinds.map(subjectOf).join(' ');
    await eventually('the record', isRecorded);

    const next = await publish('sold');
    await eventually('the next event', () => main.ids.includes(next));
    expect([main.ids.includes(last), main.ids]).toEqual([false, [next]]);
    await Promise.all([main, ...catchUps].map(({ stop }) => stop()));
    const again = readUntilStopped(catchUpOf('sold', kinds));
    await publish('made');
    await again.stop();
    expect(again.ids).toEqual([]);
  });

  it('is widened by an operator for an app that may not, with the durable that delivers what it has passed over', async () => {
    await publish('sold');
    await publish('made');
    await take(openReader(jetStream.bus, { subjects: [subjectOf('made')] }), 1);
    const { link, stream } = jetStream.bus;
    const subjects = ['made', 'sold'].map(subjectOf);
    await new ConsumerAdmin(link, { stream, durable: 'reader', subjects }).apply();
    expect((await info())?.config.filter_subject).toBe(subjectOf('>'));
    expect(await info(temporaryOf('sold'))).toMatchObject({ num_pending: 1 });
    expect(await info(temporaryOf('made'))).toBeUndefined();
  });

  it('also gets what replicas of the version before take from it during the rollout', async () => {
    await publish('made');
    const before = readUntilStopped(openReader(jetStream.bus, { subjects: [subjectOf('made')] }));
    await eventually('the first event', () => before.ids.length === 1);
    const kinds = ['made', 'sold'];
    const catchUp = readUntilStopped(catchUpOf('sold', kinds, 60_000));
    await eventually('the catch-up', async () => Boolean(await info(temporaryOf('sold'))));
    const main = readUntilStopped(openReader(jetStream.bus, { subjects: kinds.map(subjectOf) }));
    await main.stop();
    const taken = await publish('sold');
    await eventually('the event', () => catchUp.ids.includes(taken));
    await eventually('no event left', async () => (await info())?.num_pending === 0);
    expect(before.ids).toHaveLength(1);
    await Promise.all([before, catchUp].map(({ stop }) => stop()));
  });

  // Before, the other replicas made the temporary durable anew, and each read all of it again.
  it('gets what it has passed over once when several replicas read it', async () => {
    const old: string[] = [];
    for (let count = 0; count < 20; count += 1) old.push(await publish('sold'));
    await publish('made');
    const kinds = ['made', 'sold'];
    await take(openReader(jetStream.bus, { subjects: [subjectOf('made')] }), 1);
    const main = readUntilStopped(openReader(jetStream.bus, { subjects: kinds.map(subjectOf) }));
    const isWidened = async () => (await info())?.config.filter_subject?.endsWith('>') ?? false;
    await eventually('the wider filter', isWidened);
    const replicas = [1, 2, 3].map(() => readUntilStopped(catchUpOf('sold', kinds)));
    const told = (text: string) =>
      jetStream.bus.logger.lines.filter(({ message }) => message.endsWith(text)).length;
    const haveEnded = () => told('are read') > 0 && told('are read') === told('reading them');
    await eventually('the end of each catch-up', haveEnded);
    expect(replicas.flatMap(({ ids }) => ids).sort()).toEqual(old.sort());
    expect(await info(temporaryOf('sold'))).toBeUndefined();
    await Promise.all([main, ...replicas].map(({ stop }) => stop()));
  });

  it('is not taken for one of a stream that has lost events', async () => {
    await publish('sold');
    const made = await publish('made');
    await take(openReader(jetStream.bus, { subjects: [subjectOf('made')] }), 1);
    const settled = settledWhen(({ address }) => address.endsWith('/2'));
    const subjects = ['made', 'sold'].map(subjectOf);
    const main = readUntilStopped(openReader(jetStream.bus, { subjects, settled }));
    const next = await publish('made');
    await eventually('the next event', () => main.ids.includes(next));
    expect(main.ids).not.toContain(made);
    await main.stop();
  });

  it('that does not wait for acks is refused, and read once it is made anew', async () => {
    const { stream, logger } = jetStream.bus;
    const id = await publish('made');
    await jetStream.manager.consumers.add(stream.name, {
      durable_name: 'reader',
      ack_policy: AckPolicy.None,
    });
    const source = openReader(jetStream.bus, {});
    const main = readUntilStopped(source);
    await eventually('the refusal', () => logger.lines.some(({ level }) => level === 'error'));
    expect(() => source.assertUsable()).toThrow(
      'durable consumer reader: ack_policy is none, declared explicit',
    );
    await jetStream.manager.consumers.delete(stream.name, 'reader');
    await eventually('the event', () => main.ids.includes(id));
    expect(() => source.assertUsable()).not.toThrow();
    await main.stop();
  });

  it('has the settings that its reader declares, whoever changed them', async () => {
    const { stream } = jetStream.bus;
    await publish('made');
    await take(openReader(jetStream.bus, {}), 1);
    const changed = { max_deliver: 3, max_ack_pending: 7, backoff: [1e9, 2e9] };
    await jetStream.manager.consumers.update(stream.name, 'reader', changed);
    await publish('made');
    await take(openReader(jetStream.bus, {}), 1);
    const { config } = (await info())!;
    expect(config).toMatchObject({ max_deliver: -1, max_ack_pending: 1_000, ack_wait: 5e9 });
    expect(config.backoff).toBeUndefined();
  });
});
