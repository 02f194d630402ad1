import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JetStreamPublisher, JetStreamSource, NatsLink } from '@orders/messaging';
import { natsAt, recordingLog, someEvent } from '@orders/messaging/testing';
import { createTestDatabase, requiredUrl, type TestDatabase } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Pace } from '@orders/resilience';
import { randomBytes } from 'node:crypto';
import { OutboxCursor } from './outbox-cursor.js';
import { OutboxLog } from './outbox-log.js';
import { relayMetrics } from './outbox-metrics.js';
import { countReplay, LOG_START, replay, type ReplayOptions } from './outbox-replay.js';
import { Relay } from './relay.js';
import { OUTBOX_SCHEMA } from './testing/whole-schema.js';

let db: TestDatabase;
let link: NatsLink;
let stream: { name: string; subjects: string[] };
let publisher: JetStreamPublisher;

beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(OUTBOX_SCHEMA);
  link = new NatsLink({ config: natsAt(requiredUrl('TEST_NATS_URL')), name: 'test', logger: recordingLog() });
  const name = `t${randomBytes(6).toString('hex')}`;
  stream = { name, subjects: [`${name}.>`] };
  publisher = new JetStreamPublisher(link, stream);
});
afterEach(async () => {
  await link.close();
  await db[Symbol.asyncDispose]();
});

/** Appends events to the log, and lets the relay publish them. Returns their ids. */
async function appendAndPublish(count: number): Promise<string[]> {
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
    metrics: relayMetrics([]),
  });
  await relay.step();
  return messages.map(({ id }) => id);
}

function sourceOf(durable: string): JetStreamSource {
  const subjects = [`${stream.name}.things.made`, `${stream.name}.replay.${durable}.>`];
  return new JetStreamSource({ link, stream, durable, subjects, logger: recordingLog() });
}

/** Reads and acks everything. Returns the sorted `ce-id` of each delivery: by it an inbox detects duplicates. */
async function consume(durable: string): Promise<string[]> {
  const source = sourceOf(durable);
  const stop = new AbortController();
  const ids: string[] = [];
  const running = (async () => {
    for await (const batch of source.batches(64, stop.signal)) {
      for (const delivery of batch) {
        ids.push(delivery.message.headers['ce-id'] ?? '');
        delivery.ack();
      }
    }
  })();
  await eventually('everything to be acked', async () => (await source.lag().catch(() => 1)) === 0);
  stop.abort();
  await running;
  return ids.sort();
}

const range = { since: new Date(0), until: new Date('2100-01-01'), subject: undefined };
const options = (overrides: Partial<ReplayOptions> = {}): ReplayOptions => ({
  ...{ db, publisher, range, after: LOG_START, subjectOf: ({ subject }) => subject },
  ...{ run: randomBytes(4).toString('hex'), pace: new Pace(Infinity), onProgress: () => undefined },
  signal: new AbortController().signal,
  ...overrides,
});

describe('replay', () => {
  it('delivers all events again, even within the duplicate window, with the ids that an inbox knows', async () => {
    const ids = (await appendAndPublish(100)).sort();
    expect(await consume('reader')).toEqual(ids);
    expect(await replay(options())).toBe(100);
    expect(await consume('reader')).toEqual(ids);
  });

  it('can reach a single consumer only', async () => {
    await appendAndPublish(10);
    await consume('reader');
    await consume('other');
    await replay(options({ subjectOf: () => `${stream.name}.replay.reader.things.made` }));
    expect((await consume('reader')).length).toBe(10);
    expect(await consume('other')).toEqual([]);
  });

  it('continues where it was interrupted, and skips nothing', async () => {
    await appendAndPublish(10);
    const stop = new AbortController();
    let position = LOG_START;
    const first = options({ batchSize: 4, signal: stop.signal });
    const onProgress: ReplayOptions['onProgress'] = (_count, reached) => {
      position = reached;
      stop.abort();
    };
    expect(await replay({ ...first, onProgress })).toBe(4);
    expect((await countReplay(db, range, position)).events).toBe(6);
    expect(await replay(options({ after: position }))).toBe(6);
  });

  it('selects events by time of recording and by subject', async () => {
    await appendAndPublish(3);
    await db.query(`UPDATE outbox SET recorded_at = now() - interval '2 h'`);
    await appendAndPublish(2);
    const since = new Date(Date.now() - 3_600_000);
    expect((await countReplay(db, { ...range, since }, LOG_START)).events).toBe(2);
    expect((await countReplay(db, { ...range, until: since }, LOG_START)).events).toBe(3);
    expect((await countReplay(db, { ...range, subject: 'others' }, LOG_START)).events).toBe(0);
  });

  it('waits for the turn of each batch before it publishes it', async () => {
    await appendAndPublish(30);
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
});
