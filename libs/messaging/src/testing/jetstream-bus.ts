import { requiredUrl } from '@orders/postgres/testing';
import { randomBytes } from 'node:crypto';
import { JetStreamPublisher } from '../jetstream/jetstream-publisher.js';
import { JetStreamSource, type JetStreamSourceOptions } from '../jetstream/jetstream-source.js';
import { NatsLink } from '../jetstream/nats-link.js';
import type { EventPlace, Settled } from '../message.js';
import { recordingLog } from './fixtures.js';

/** Streams of one server may not share subjects, so each bus has a prefix that its adapter adds and takes away. */
export function openBus({ ackWaitMs = 5_000, url = requiredUrl('TEST_NATS_URL') } = {}) {
  const prefix = `t${randomBytes(6).toString('hex')}`;
  const logger = recordingLog();
  const link = new NatsLink({ url, name: 'test', logger });
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

/** The reader of a bus's durable consumer. */
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

/** Says of each event whether it is settled; nothing is too old to be asked for. */
export function knowing(isSettled: (event: EventPlace) => boolean): Settled {
  const all = async (events: readonly EventPlace[]) => events.map(isSettled).every(Boolean);
  return { newest: async () => new Date(0), all };
}
