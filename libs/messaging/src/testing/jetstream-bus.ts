import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { requiredProgram, requiredUrl } from '@orders/postgres/testing';
import { randomBytes } from 'node:crypto';
import { JetStreamPublisher } from '../jetstream/jetstream-publisher.js';
import { JetStreamSource, type JetStreamSourceOptions } from '../jetstream/jetstream-source.js';
import { NatsLink } from '../jetstream/nats-link.js';
import type { EventSource, SettledEvents, StoredEvent } from '../message.js';
import { natsAt, recordingLog } from './fixtures.js';

/**
 * A bus with a stream of its own on the test server. Streams of one server must not share subjects: so each bus has a
 * prefix, which its publisher adds to every subject.
 */
export function openBus({ ackWaitMs = 5_000, url = requiredUrl('TEST_NATS_URL') } = {}) {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const logger = recordingLog();
  const link = new NatsLink({ config: natsAt(url), name: 'test', logger });
  const stream = { name: prefix, subjects: [`${prefix}.>`] };
  const inner = new JetStreamPublisher(link, stream);
  const publisher = Object.assign(Object.create(inner) as JetStreamPublisher, {
    publish: (message: Parameters<JetStreamPublisher['publish']>[0]) =>
      inner.publish({ ...message, subject: `${prefix}.${message.subject}` }),
  });
  const bus = { prefix, link, stream, publisher, logger };
  return { ...bus, source: openReader(bus, { ackWaitMs }) };
}

export type JetStreamBus = ReturnType<typeof openBus>;

/** A reader of the durable consumer `reader` of a bus. */
export function openReader(
  {
    prefix,
    link,
    stream,
    logger,
  }: Pick<JetStreamSourceOptions, 'link' | 'stream' | 'logger'> & { prefix: string },
  options: Partial<Pick<JetStreamSourceOptions, 'ackWaitMs' | 'settled' | 'lingerMs' | 'subjects' | 'owner'>>,
): JetStreamSource {
  const subjects = [`${prefix}.things.*`];
  return new JetStreamSource({ link, stream, durable: 'reader', subjects, logger, ...options });
}

export interface JetStreamUnderTest {
  /** A new one in each test. */
  bus: JetStreamBus;
  /** The management API of the test server, on a connection that no test interrupts. */
  manager: JetStreamManager;
}

/** The programs of the same versions, for servers that a test configures. */
export const NATS_PROGRAMS = [
  ['nats-server 2.10', requiredProgram('TEST_NATS_SERVER')],
  ['nats-server 2.15', requiredProgram('TEST_NATS_215_SERVER')],
] as const;

/** A server of each version that behaves differently: the one of all tests, and a newer one. */
export const NATS_SERVERS = [
  ['nats-server 2.10', requiredUrl('TEST_NATS_URL')],
  ['nats-server 2.15', requiredUrl('TEST_NATS_215_URL')],
] as const;

/**
 * Registers hooks that open and close what the tests of a file use.
 *
 * @param url of the server. Default: the one of TEST_NATS_URL
 */
export function useJetStream(url = requiredUrl('TEST_NATS_URL')): JetStreamUnderTest {
  const link = new NatsLink({ config: natsAt(url), name: 'admin', logger: recordingLog() });
  const under = {} as JetStreamUnderTest;
  beforeAll(async () => {
    under.manager = await jetstreamManager(await link.connection());
  });
  beforeEach(() => {
    under.bus = openBus({ url });
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.abort();
    await under.bus.link.close();
  });
  afterAll(() => link.close());
  return under;
}

/** Readers that a failed test did not stop. */
const readers: AbortController[] = [];

/** Reads and acks until it is stopped; {@link useJetStream} stops it at the end of the test. */
export function readUntilStopped(source: EventSource) {
  const reader = new AbortController();
  readers.push(reader);
  const ids: string[] = [];
  const reading = (async () => {
    for await (const batch of source.batches(8, reader.signal)) {
      for (const delivery of batch) {
        ids.push(delivery.message.id);
        delivery.ack();
      }
    }
  })();
  return {
    /** Ids of the events read so far. */
    ids,
    stop: async () => {
      reader.abort();
      await reading;
    },
  };
}

/** Decides for each event whether it is settled. No event is too old to be asked for. */
export function settledWhen(isSettled: (event: StoredEvent) => boolean): SettledEvents {
  const areSettled = async (events: readonly StoredEvent[]) => events.map(isSettled).every(Boolean);
  return { newestTime: async () => new Date(0), areSettled };
}
