import { afterEach, expect, it } from '@jest/globals';
import { inboxPrefix, natsUsers, permissionsOf, PROVISIONER } from '@orders/contracts';
import { eventually } from '@orders/resilience/testing/eventually';
import { Secret } from '@orders/service';
import { ConfiguredNats, type NatsConfiguration } from '../testing/configured-nats.js';
import { natsAt, recordingLog, someEvent } from '../testing/fixtures.js';
import { readUntilStopped } from '../testing/jetstream-bus.js';
import { ConsumerAdmin } from './consumer-admin.js';
import { declaredStream } from './declared-stream.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { JetStreamSource } from './jetstream-source.js';
import { NatsLink } from './nats-link.js';
import { StreamAdmin } from './stream-admin.js';
import { DEFAULT_STREAM_SETTINGS } from './stream-settings.js';

const APPS = [
  { name: 'maker', publishes: ['things.made'], consumes: [] },
  { name: 'reader', publishes: [], consumes: ['things.made'] },
];
const STREAM = { name: 'THINGS', subjects: ['things.>'] };

/** @param provisions whether apps may make what they need themselves */
function configuration(provisions: boolean, without: readonly string[] = []): NatsConfiguration {
  const users = natsUsers(APPS).map((user) => {
    const { publish, subscribe } = permissionsOf(user, provisions);
    const allow = (subjects: readonly string[]) => ({
      allow: subjects.filter((one) => !without.includes(one)),
    });
    return {
      ...{ user: user.name, password: 'p' },
      // An empty list would allow everything.
      permissions: { publish: allow(publish.allow), subscribe: allow([...subscribe.allow, 'nothing']) },
    };
  });
  return { authorization: { users } };
}

let server: ConfiguredNats;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(config: NatsConfiguration) {
  server = await ConfiguredNats.start(config);
  closing.push(() => server[Symbol.asyncDispose]());
}

function linkOf(name: string) {
  const logger = recordingLog();
  const config = {
    ...natsAt(`nats://localhost:${server.port}`),
    natsUser: name,
    natsPassword: new Secret('p'),
  };
  const link = new NatsLink({ config, name, logger });
  closing.push(() => link.close());
  return {
    link,
    logger,
    errors: () => logger.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
  };
}

function maker() {
  const { link, logger, errors } = linkOf('maker');
  const stream = declaredStream({ stream: STREAM, settings: DEFAULT_STREAM_SETTINGS, link, logger });
  return { link, errors, stream, publisher: new JetStreamPublisher(link, stream) };
}

function reader() {
  const { link, logger, errors } = linkOf('reader');
  const subjects = ['things.made', 'things.replay.reader.>'];
  const options = { link, stream: STREAM, durable: 'reader', owner: 'reader', subjects, logger };
  const source = new JetStreamSource(options);
  const reading = readUntilStopped(source);
  closing.push(() => reading.stop());
  return { link, errors, source, ids: reading.ids, options };
}

it('apps work under exactly the rights that follow from their declarations', async () => {
  await serve(configuration(true));
  const { publisher } = maker();
  const { ids, source } = reader();
  const first = someEvent();
  const { sequence } = await publisher.publish(first);
  expect(await publisher.idAt(sequence)).toBe(first.id);
  await eventually('the event', () => ids.includes(first.id), 10_000);
  await eventually('its ack', async () => (await source.lag()) === 0, 10_000);
  expect(server.log).not.toContain('Violation');
});

it('apps that may not make stream and durable say so once, and work when the provisioner has made them', async () => {
  await serve(configuration(false));
  const { publisher, stream, errors } = maker();
  const { ids, source, errors: readerErrors, options } = reader();
  const event = someEvent();
  const noStream =
    /^there is no stream THINGS: make it by `stream apply` of its producer \(NATS does not allow/;
  await expect(publisher.publish(event)).rejects.toThrow(noStream);
  await expect(publisher.publish(event)).rejects.toThrow(noStream);
  expect(() => stream.check.assertReady()).toThrow(noStream);
  expect(errors()).toEqual([expect.stringMatching(noStream)]);

  const { link } = linkOf(PROVISIONER);
  await new StreamAdmin(link, STREAM).apply(false);
  await publisher.publish(event);
  const noDurable =
    /^there is no durable reader on THINGS: make it by `consumer apply` of its app \(NATS does not allow/;
  await eventually('the reason', () => readerErrors().length > 0, 10_000);
  expect(() => source.assertUsable()).toThrow(noDurable);
  expect(readerErrors()).toEqual([expect.stringMatching(noDurable)]);
  await new ConsumerAdmin(link, options).apply();
  await eventually('the event', () => ids.includes(event.id), 10_000);
  expect(() => source.assertUsable()).not.toThrow();
});

it('an app that may not publish its events is refused at once, and says so once', async () => {
  await serve(configuration(true, ['things.made']));
  const { publisher, link, errors } = maker();
  const refusal = 'NATS does not allow user "maker" to publish to things.made';
  for (const _ of [1, 2])
    await expect(publisher.publish(someEvent())).rejects.toThrow('Permissions Violation');
  expect(errors()).toEqual([refusal]);
  expect(link.problemOnceConnected()).toBe(refusal);
  await server.reload(configuration(true));
  await expect(publisher.publish(someEvent())).resolves.toMatchObject({ duplicate: false });
});

it.each([
  ['to subscribe to its inbox', `${inboxPrefix('reader')}.>`],
  ['to pull', '$JS.API.CONSUMER.MSG.NEXT.THINGS.reader'],
  ['to ask for its durable', '$JS.API.CONSUMER.INFO.THINGS.reader'],
])('a consumer that loses the right %s says so, and goes on when it has it again', async (_what, right) => {
  await serve(configuration(true));
  const { publisher } = maker();
  const { ids, errors, source, link } = reader();
  const publish = async () => {
    const event = someEvent();
    await publisher.publish(event);
    await eventually('the event', () => ids.includes(event.id), 20_000);
  };
  await publish();
  await server.reload(configuration(true, [right]));
  const missing = () => errors().some((line) => line.startsWith('NATS does not allow'));
  await eventually('the reason', missing, 20_000);
  const isUsable = () => {
    source.assertUsable();
    link.assertUsable();
  };
  expect(isUsable).toThrow('NATS does not allow');
  await server.reload(configuration(true));
  await publish();
});
