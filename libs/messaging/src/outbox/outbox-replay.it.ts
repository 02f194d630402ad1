import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Pace } from '@orders/resilience';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { consumerMetrics } from '../consumer/consumer-metrics.js';
import { eventHandler } from '../consumer/event-handler.js';
import { InboxConsumer } from '../consumer/inbox-consumer.js';
import { INBOX_SCHEMA_V1 } from '../inbox/inbox-schema.js';
import { JetStreamPublisher } from '../jetstream/jetstream-publisher.js';
import { JetStreamSource } from '../jetstream/jetstream-source.js';
import { NatsLink } from '../jetstream/nats-link.js';
import { eventually, recordingLog, someEvent } from '../testing/fixtures.js';
import { createTestDatabase, requiredUrl, type TestDatabase } from '../testing/test-database.js';
import { OutboxCursor } from './outbox-cursor.js';
import { OutboxLog } from './outbox-log.js';
import { relayMetrics } from './outbox-metrics.js';
import { countReplay, hasLostEvents, LOG_START, replay, type ReplayOptions } from './outbox-replay.js';
import { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2 } from './outbox-schema.js';
import { Relay } from './relay.js';

let db: TestDatabase;
let link: NatsLink;
let stream: { name: string; subjects: string[] };
let publisher: JetStreamPublisher;

beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(OUTBOX_SCHEMA_V1 + OUTBOX_SCHEMA_V2);
  await db.query(INBOX_SCHEMA_V1);
  await db.query('CREATE TABLE effect (event_id uuid PRIMARY KEY, applied int NOT NULL DEFAULT 1)');
  link = new NatsLink({ url: requiredUrl('TEST_NATS_URL'), name: 'test', logger: recordingLog() });
  const name = `t${randomBytes(6).toString('hex')}`;
  stream = { name, subjects: [`${name}.>`] };
  publisher = new JetStreamPublisher(link, stream);
});
afterEach(async () => {
  await link.close();
  await db[Symbol.asyncDispose]();
});

const made = eventHandler({
  contract: { type: 'things.made', schema: z.object({ n: z.number() }) },
  handle: async (tx, events) => {
    for (const { id } of events)
      await tx.query(
        `INSERT INTO effect VALUES ($1) ON CONFLICT (event_id) DO UPDATE SET applied = effect.applied + 1`,
        [id],
      );
  },
});

/** Events in the log and, by the relay, in the stream. */
async function published(count: number): Promise<string[]> {
  const messages = Array.from({ length: count }, () => ({
    ...someEvent(),
    subject: `${stream.name}.things.made`,
  }));
  await OutboxLog.append(db, messages);
  const relay = new Relay({
    log: new OutboxLog(db),
    cursor: new OutboxCursor(db),
    publisher,
    owner: 'a',
    logger: recordingLog(),
    metrics: relayMetrics(),
  });
  await relay.step();
  return messages.map(({ id }) => id);
}

function sourceOf(durable: string): JetStreamSource {
  const subjects = [`${stream.name}.things.made`, `${stream.name}.replay.${durable}.>`];
  return new JetStreamSource({ link, stream, durable, subjects, logger: recordingLog() });
}

/** Consumes until everything is acked, and counts the deliveries. */
async function consume(durable: string): Promise<number> {
  const source = sourceOf(durable);
  const stop = new AbortController();
  let deliveries = 0;
  const consumer = new InboxConsumer({
    name: durable,
    source: source,
    db: { transaction: (work) => db.transaction(work) },
    handlers: [made],
    logger: recordingLog(),
    metrics: consumerMetrics(),
  });
  const running = (async () => {
    for await (const batch of source.batches(64, stop.signal)) {
      deliveries += batch.length;
      await consumer.process(batch, stop.signal);
    }
  })();
  await eventually('everything to be acked', async () => (await source.lag().catch(() => 1)) === 0);
  stop.abort();
  await running;
  return deliveries;
}

const range = { since: new Date(0), until: new Date('2100-01-01'), subject: undefined };
const options = (overrides: Partial<ReplayOptions> = {}): ReplayOptions => ({
  ...{ db, publisher, range, after: LOG_START, subjectOf: ({ subject }) => subject },
  ...{ run: randomBytes(4).toString('hex'), pace: new Pace(Infinity), onProgress: () => undefined },
  signal: new AbortController().signal,
  ...overrides,
});
const effects = () => db.query(`SELECT count(*)::int AS events, max(applied) AS applied FROM effect`);

describe('replay', () => {
  it('delivers all of it again, within the duplicate window too, and changes no effect', async () => {
    await published(100);
    expect(await consume('reader')).toBe(100);
    expect(await replay(options())).toBe(100);
    expect(await consume('reader')).toBe(100);
    expect(await effects()).toEqual([{ events: 100, applied: 1 }]);
    expect(await db.query('SELECT * FROM dead_letter')).toEqual([]);
  });

  it('reaches one consumer only, when it is to', async () => {
    await published(10);
    await consume('reader');
    await consume('other');
    await replay(options({ subjectOf: () => `${stream.name}.replay.reader.things.made` }));
    expect([await consume('reader'), await consume('other')]).toEqual([10, 0]);
  });

  it('goes on from where it was interrupted, and skips nothing', async () => {
    await published(10);
    const stop = new AbortController();
    let place = LOG_START;
    const first = options({ batchSize: 4, signal: stop.signal });
    const onProgress: ReplayOptions['onProgress'] = (_count, at) => {
      place = at;
      stop.abort();
    };
    expect(await replay({ ...first, onProgress })).toBe(4);
    expect((await countReplay(db, range, place)).events).toBe(6);
    expect(await replay(options({ after: place }))).toBe(6);
  });

  it('takes only what was recorded in the range, on the subject', async () => {
    await published(3);
    await db.query(`UPDATE outbox SET recorded_at = now() - interval '2 h'`);
    await published(2);
    const since = new Date(Date.now() - 3_600_000);
    expect((await countReplay(db, { ...range, since }, LOG_START)).events).toBe(2);
    expect((await countReplay(db, { ...range, until: since }, LOG_START)).events).toBe(3);
    expect((await countReplay(db, { ...range, subject: 'others' }, LOG_START)).events).toBe(0);
  });

  it('waits for the turn of each batch before it publishes it', async () => {
    await published(30);
    const turns: [events: number, publishedBefore: number][] = [];
    class Turns extends Pace {
      override async take(events: number): Promise<void> {
        turns.push([events, (await publisher.state()).lastSequence - 30]);
      }
    }
    await replay(options({ batchSize: 10, pace: new Turns(Infinity) }));
    expect(turns).toEqual([
      [10, 0],
      [10, 10],
      [10, 20],
    ]);
  });

  it('knows a stream that is shorter than it was, or another, which a replay would hide from the relay', async () => {
    await published(3);
    const state = await publisher.state();
    expect(await hasLostEvents(db, state)).toBe(false);
    expect(await hasLostEvents(db, { ...state, lastSequence: 2 })).toBe(true);
    expect(await hasLostEvents(db, { ...state, id: 'another' })).toBe(true);
  });
});
