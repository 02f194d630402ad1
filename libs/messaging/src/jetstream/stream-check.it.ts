import { describe, expect, it } from '@jest/globals';
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { someEvent } from '../testing/fixtures.js';
import { NATS_SERVERS, useJetStream } from '../testing/jetstream-bus.js';
import { declaredStream } from './declared-stream.js';
import { JetStreamPublisher } from './jetstream-publisher.js';
import { RefusedSetupError } from './refused-setup.js';
import { StreamAdmin } from './stream-admin.js';
import { declaredConfig, DEFAULT_STREAM_SETTINGS, type StreamSettings } from './stream-settings.js';

const HOUR_MS = 60 * 60 * 1_000;

describe.each(NATS_SERVERS)('a stream on %s', (_version, url) => {
  const jetStream = useJetStream(url);

  const declared = (settings: Partial<StreamSettings> = {}) => {
    const { link, stream, logger } = jetStream.bus;
    return declaredStream({ stream, settings: { ...DEFAULT_STREAM_SETTINGS, ...settings }, link, logger });
  };
  const adminOf = (settings: Partial<StreamSettings> = {}) =>
    new StreamAdmin(jetStream.bus.link, declared(settings));
  /** A stream as declared, except for these settings. */
  const exists = (settings: Partial<StreamConfig>) => {
    const { stream } = jetStream.bus;
    const config = declaredConfig(stream.subjects, DEFAULT_STREAM_SETTINGS);
    return jetStream.manager.streams.add({ name: stream.name, ...config, ...settings });
  };
  const publish = (stream = declared()) => {
    const { link, prefix } = jetStream.bus;
    const subject = `${prefix}.things.made`;
    return new JetStreamPublisher(link, stream).publish({ ...someEvent(), subject });
  };
  const warnings = () => jetStream.bus.logger.lines.filter(({ level }) => level === 'warn');

  it('is created as its producer declares it, which is then no difference', async () => {
    const settings = { maxBytes: 10_000_000, maxAgeMs: 48 * HOUR_MS };
    await publish(declared(settings));
    const { config } = await jetStream.manager.streams.info(jetStream.bus.stream.name);
    expect(config).toMatchObject({ max_bytes: 10_000_000, max_age: nanos(48 * HOUR_MS), num_replicas: 1 });
    expect(await adminOf(settings).differences()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  // Each was taken without a word before.
  it.each<[Partial<StreamConfig>, string]>([
    [{ discard: DiscardPolicy.Old }, 'discard is old, declared new (a full stream drops its oldest events)'],
    [{ retention: RetentionPolicy.Interest }, 'retention is interest, declared limits'],
    [{ storage: StorageType.Memory }, 'storage is memory, declared file'],
    [{ max_age: nanos(HOUR_MS) }, 'max_age is 1 h, declared 7 d (events are dropped too early)'],
    [{ max_age: 0 }, 'max_age is unlimited, declared 7 d (events stay longer than inboxes remember them'],
    [{ duplicate_window: nanos(120_000) }, 'duplicate_window is 2 min, declared 1 h'],
    [{ max_msgs_per_subject: 1 }, 'max_msgs_per_subject is 1, declared unlimited'],
    [{ no_ack: true }, 'no_ack is true, declared false'],
  ])('with %j is refused, and publishing goes on once it is changed', async (settings, line) => {
    await exists(settings);
    const stream = declared();
    await expect(publish(stream)).rejects.toThrow(line);
    await expect(publish(stream)).rejects.toBeInstanceOf(RefusedSetupError);
    expect(() => stream.check.assertReady()).toThrow(line);
    expect(jetStream.bus.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    if (settings.retention || settings.storage) await adminOf().recreate(new AbortController().signal);
    else await adminOf().apply(true);
    expect(await adminOf().differences()).toEqual([]);
    await publish(stream);
    expect(() => stream.check.assertReady()).not.toThrow();
  });

  it('that lacks the subjects of events is refused; subjects are only added', async () => {
    const { prefix, stream } = jetStream.bus;
    await exists({ subjects: [`${prefix}.others`] });
    await expect(publish()).rejects.toThrow(`subjects is ${prefix}.others, declared ${prefix}.>`);
    await jetStream.manager.streams.update(stream.name, { subjects: [`${prefix}-more`] });
    expect(await adminOf().apply(false)).toMatchObject([{ setting: 'subjects', harm: undefined }]);
    await publish();
  });

  it('that differs harmlessly is told of once, and used', async () => {
    await exists({ max_bytes: 50_000_000, deny_purge: false });
    const stream = declared();
    await publish(stream);
    await publish(stream);
    expect(warnings().map(({ message }) => message.replace(/^stream \w+: /, ''))).toEqual([
      'max_bytes is 50000000, declared unlimited',
      'deny_purge is false, declared true',
    ]);
    expect(await adminOf().apply(false)).toEqual([]);
  });

  it('that becomes unsafe while its producer runs is refused, but the producer stays ready', async () => {
    const { stream: spec } = jetStream.bus;
    const stream = declared();
    await publish(stream);
    await jetStream.manager.streams.update(spec.name, { discard: DiscardPolicy.Old });
    await expect(publish(stream)).rejects.toThrow('discard is old');
    expect(() => stream.check.assertReady()).not.toThrow();
  });

  it('gets a lower limit only by force, because that deletes events', async () => {
    await exists({ max_age: nanos(24 * 24 * HOUR_MS) });
    await expect(adminOf().apply(false)).rejects.toThrow('a lower max_age deletes stored events');
    expect(await adminOf().apply(true)).toEqual([]);
  });

  it('with replicas is refused by a single server, with the setting to change', async () => {
    await expect(publish(declared({ replicas: 3 }))).rejects.toThrow(
      /cannot be created: (NATS_STREAM_REPLICAS above 1 needs a cluster|no servers match NATS_STREAM_REPLICAS)/,
    );
  });

  it('with replicas is refused on a server that can ack what it has not stored', () => {
    const { stream, logger } = jetStream.bus;
    const settings = { ...DEFAULT_STREAM_SETTINGS, replicas: 3 };
    const config = { name: stream.name, ...declaredConfig(stream.subjects, settings) } as StreamConfig;
    const acceptOn = (version: string) => () => {
      const link = { server: { version } } as unknown as Parameters<typeof declaredStream>[0]['link'];
      declaredStream({ stream, settings, link, logger }).check.accept({ config } as never);
    };
    expect(acceptOn('2.11.4')).toThrow('use 2.12 or newer, or NATS_STREAM_REPLICAS=1');
    expect(acceptOn('2.12.0')).not.toThrow();
  });
});
