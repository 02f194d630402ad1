import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JetStreamPublisher, type Message, NatsLink } from '@orders/messaging';
import { natsAt, recordingLog, someEvent } from '@orders/messaging/testing';
import { createTestDatabase, requiredUrl, type TestDatabase } from '@orders/postgres/testing';
import { Pace } from '@orders/resilience';
import { randomBytes, randomUUID } from 'node:crypto';
import { OutboxCursor } from './outbox-cursor.js';
import { type LoggedEvent, OutboxHistory } from './outbox-history.js';
import { OutboxLog } from './outbox-log.js';
import { relayMetrics } from './outbox-metrics.js';
import { LOG_START, replay } from './outbox-replay.js';
import { Relay } from './relay.js';
import { OUTBOX_SCHEMA } from './testing/whole-schema.js';

let db: TestDatabase;
let link: NatsLink;
let publisher: JetStreamPublisher;
let subject: string;
let history: OutboxHistory;
const log = recordingLog();

beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(OUTBOX_SCHEMA);
  await db.query('CREATE TABLE thing (id uuid PRIMARY KEY, created_at timestamptz NOT NULL, n int NOT NULL)');
  link = new NatsLink({ config: natsAt(requiredUrl('TEST_NATS_URL')), name: 'test', logger: log });
  const name = `t${randomBytes(6).toString('hex')}`;
  subject = `${name}.things.made`;
  publisher = new JetStreamPublisher(link, { name, subjects: [`${name}.>`] });
  history = new OutboxHistory(db, publisher, log);
});
afterEach(async () => {
  await link.close();
  await db[Symbol.asyncDispose]();
});

const eventOf = (id: string, sequence = 1): Message => ({ ...someEvent({ subject: id, sequence }), subject });

/** A thing and its event, in one transaction. */
async function make(): Promise<string> {
  const id = randomUUID();
  await db.transaction(async (tx) => {
    await tx.query('INSERT INTO thing VALUES ($1, now(), 1)', [id]);
    await OutboxLog.append(tx, [eventOf(id)]);
  });
  return id;
}

async function change(id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('UPDATE thing SET n = n + 1 WHERE id = $1', [id]);
    await OutboxLog.append(tx, [eventOf(id, 2)]);
  });
}

async function publishAll(): Promise<void> {
  const { lines: _, ...logger } = recordingLog();
  const parts = { log: new OutboxLog(db), cursor: new OutboxCursor(db), publisher, owner: 'a', logger };
  await new Relay({ ...parts, metrics: relayMetrics([]) }).step();
}

async function eventsOf(id: string): Promise<LoggedEvent[]> {
  const [row] = await db.query<[{ events: number; lastWriter: string; createdAt: Date }]>(
    'SELECT n AS events, xmin::text AS "lastWriter", created_at AS "createdAt" FROM thing WHERE id = $1',
    [id],
  );
  return history.eventsOf({ subject: id, ...row });
}

const inTime = () => AbortSignal.timeout(10_000);
const sequences = async (id: string) =>
  Promise.all((await eventsOf(id)).map((event) => history.sequenceOf(event, inTime())));

describe('the events of an entity', () => {
  it('are found among those of others, that of its creation and that of its last change', async () => {
    for (let n = 0; n < 20; n += 1) await make();
    const id = await make();
    for (let n = 0; n < 20; n += 1) await make();
    await change(id);
    await make();
    const events = await eventsOf(id);
    expect(
      events.map(({ message }) => [message.headers['ce-subject'], message.headers['ce-sequence']]),
    ).toEqual([
      [id, '0000000001'],
      [id, '0000000002'],
    ]);
    expect(events.map(({ published }) => published)).toEqual([false, false]);
  });

  it('are found by time when a copied database has given its rows other transactions', async () => {
    const id = await make();
    await make();
    const found = await history.eventsOf({
      ...{ subject: id, events: 1, lastWriter: '3', createdAt: new Date() },
    });
    expect(found).toHaveLength(1);
  });

  it('are left out once the log no longer keeps them', async () => {
    const id = await make();
    await db.query('TRUNCATE outbox');
    expect(await eventsOf(id)).toEqual([]);
    await make();
    expect(await eventsOf(id)).toEqual([]);
  });

  it('have no time of their commit unless Postgres records it', async () => {
    const [{ isOn }] = await db.query<[{ isOn: boolean }]>(
      `SELECT current_setting('track_commit_timestamp')::boolean AS "isOn"`,
    );
    const [event] = await eventsOf(await make());
    expect(event?.committedAt instanceof Date).toBe(isOn);
    expect(event?.recordedAt).toBeInstanceOf(Date);
  });
});

describe('the sequence of an event in the stream', () => {
  it('is that under which the stream has it, whatever was published before and after', async () => {
    const before = await make();
    await publishAll();
    const id = await make();
    await publishAll();
    const after = await make();
    await publishAll();
    await change(before);
    await publishAll();
    expect(await sequences(before)).toEqual([1, 4]);
    expect(await sequences(id)).toEqual([2]);
    expect(await sequences(after)).toEqual([3]);
  });

  it('is found though a replay has put other messages in between', async () => {
    await make();
    await publishAll();
    await replay({
      ...{ db, publisher, after: LOG_START, subjectOf: () => subject, run: 'r', pace: new Pace(Infinity) },
      ...{ range: { since: new Date(0), until: new Date('2100-01-01'), subject: undefined } },
      ...{ onProgress: () => undefined, signal: inTime() },
    });
    const id = await make();
    await publishAll();
    expect(await sequences(id)).toEqual([3]);
  });

  it('is unknown before the event is published, and after the stream has lost it', async () => {
    const id = await make();
    expect(await sequences(id)).toEqual([undefined]);
    await publishAll();
    const [event] = await eventsOf(id);
    const empty = new OutboxHistory(db, { idAt: async () => undefined }, log);
    expect(await empty.sequenceOf(event!, inTime())).toBeUndefined();
  });

  it('is unknown when NATS does not answer in time', async () => {
    const id = await make();
    await publishAll();
    const [event] = await eventsOf(id);
    const silent = new OutboxHistory(db, { idAt: () => new Promise(() => undefined) }, log);
    expect(await silent.sequenceOf(event!, AbortSignal.timeout(50))).toBeUndefined();
  });
});
