import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventPublisher, type Message, type Receipt, type StreamState } from '@orders/messaging';
import { recordingLog, someEvent } from '@orders/messaging/testing';
import { eventually, createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import { OutboxCursor } from './outbox-cursor.js';
import { listenForAppends } from './outbox-listener.js';
import { OutboxLog } from './outbox-log.js';
import { relayMetrics } from './outbox-metrics.js';
import { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2 } from './outbox-schema.js';
import { Relay, type RelayOptions } from './relay.js';
import { itKeepsAnOutbox } from './testing/outbox-conformance.js';

class ScriptedPublisher extends EventPublisher {
  readonly published: string[] = [];
  /** Ids that are refused. */
  readonly refused = new Set<string>();
  streamId = 'first';
  /** What the stream holds now. */
  stream: string[] = [];

  publish({ id }: Message): Promise<Receipt> {
    if (this.refused.has(id)) return Promise.reject(new Error('no responders'));
    this.published.push(id);
    const known = this.stream.indexOf(id) + 1;
    if (known > 0) return Promise.resolve({ sequence: known, duplicate: true });
    return Promise.resolve({ sequence: this.stream.push(id), duplicate: false });
  }

  state(): Promise<StreamState> {
    return Promise.resolve({ id: this.streamId, lastSequence: this.stream.length });
  }

  idAt(sequence: number): Promise<string | undefined> {
    return Promise.resolve(this.stream[sequence - 1]);
  }
}

let db: TestDatabase;
let log: OutboxLog;
let cursor: OutboxCursor;
let publisher: ScriptedPublisher;

beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(OUTBOX_SCHEMA_V1 + OUTBOX_SCHEMA_V2);
  log = new OutboxLog(db);
  cursor = new OutboxCursor(db);
  publisher = new ScriptedPublisher();
});
afterEach(() => db[Symbol.asyncDispose]());

function relayOf(owner: string, options: Partial<RelayOptions> = {}) {
  const backoff = new Backoff({ baseMs: 5, maxMs: 20 });
  return new Relay({
    log,
    cursor,
    publisher,
    owner,
    logger: recordingLog(),
    metrics: relayMetrics(),
    backoff,
    ...options,
  });
}

async function append(count = 1): Promise<string[]> {
  const events = Array.from({ length: count }, () => someEvent());
  await db.transaction((tx) => OutboxLog.append(tx, events));
  await eventually('every older transaction of the server to be over, whosever it is', async () => {
    const [row] = await db.query<{ hidden: boolean }[]>(
      'SELECT EXISTS (SELECT FROM outbox WHERE tx >= pg_snapshot_xmin(pg_current_snapshot())) AS hidden',
    );
    return row?.hidden === false;
  });
  return events.map(({ id }) => id);
}

itKeepsAnOutbox('Postgres', async () => {
  const database = await createTestDatabase();
  await database.query(OUTBOX_SCHEMA_V1);
  return {
    db: database,
    pass: async (ms) => {
      await database.query(`UPDATE outbox_cursor SET lease_until = lease_until - interval '${ms} ms'`);
      await database.query(`UPDATE outbox_checkpoint SET noted_at = noted_at - interval '${ms} ms'`);
    },
    close: () => database[Symbol.asyncDispose](),
  };
});

describe('OutboxLog on Postgres alone', () => {
  it('reads in the order of the numbers, not of their texts: 9 before 10, or a cursor skips the rest', async () => {
    await db.query('ALTER SEQUENCE outbox_position RESTART WITH 8');
    const ids = await append(5);
    const { entries } = await log.read({ tx: '0', position: '0' }, 10);
    expect(entries.map(({ position }) => position)).toEqual(['8', '9', '10', '11', '12']);
    expect(entries.map(({ message }) => message.id)).toEqual(ids);
  });

  it('tells how many are not published and how old the oldest is', async () => {
    expect(await cursor.stats()).toEqual({ pending: 0, oldestAgeSeconds: 0 });
    await append(3);
    await db.query(`UPDATE outbox SET recorded_at = recorded_at - interval '90 s'`);
    const stats = await cursor.stats();
    expect(stats.pending).toBe(3);
    expect(stats.oldestAgeSeconds).toBeGreaterThanOrEqual(90);
    expect(stats.oldestAgeSeconds).toBeLessThan(120);
  });

  it('drops days that are old and read, keeps the others, and makes those to come', async () => {
    const partitions = async () =>
      (await db.query<{ name: string }[]>(`SELECT inhrelid::regclass::text AS name FROM pg_inherits`))
        .map(({ name }) => name)
        .filter((name) => /^outbox_\d+$/.test(name));
    expect(await partitions()).toHaveLength(8);
    for (const day of ['20200101', '20200102']) {
      const from = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
      await db.query(`CREATE TABLE outbox_${day} PARTITION OF outbox
        FOR VALUES FROM ('${from} 00:00:00+00') TO ('${from} 24:00:00+00')`);
    }
    await append();
    await db.query(`UPDATE outbox SET recorded_at = '2020-01-02 12:00:00+00'`);
    await log.maintain(24 * 3_600_000);
    expect(await partitions()).not.toContain('outbox_20200101');
    expect(await partitions()).toContain('outbox_20200102');
    await relayOf('a').step();
    await log.maintain(24 * 3_600_000);
    expect(await partitions()).toHaveLength(8);
  });
});

describe('Relay', () => {
  it('knows its stream after it renewed its lease, before the first event of all', async () => {
    const relay = relayOf('a', { leaseMs: 3, reconcileMs: 3_600_000 });
    await relay.step();
    const renewed = performance.now() + 2;
    await eventually(
      'the lease to be renewed',
      async () => (await relay.step()) === 0 && performance.now() > renewed,
    );
    const ids = await append(2);
    expect(await relay.step()).toBe(2);
    expect(publisher.published).toEqual(ids);
  });

  it('sees a loss that repeats hide: what it had published onto the shorter stream without knowing', async () => {
    const relay = relayOf('a', { reconcileMs: 3_600_000 });
    const ids = await append(3);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 1);
    const unaware = await append(4);
    publisher.stream.push(...unaware);
    await relay.step();
    await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set([...ids, ...unaware]));
  });

  it('publishes what is there once, in batches, and then nothing', async () => {
    const ids = await append(5);
    const relay = relayOf('a', { batchSize: 2 });
    expect([await relay.step(), await relay.step(), await relay.step(), await relay.step()]).toEqual([
      2, 2, 1, 0,
    ]);
    expect(publisher.published).toEqual(ids);
  });

  it('passes what came before a failure, and repeats from it', async () => {
    const [first, second, third] = await append(3);
    publisher.refused.add(second!);
    const relay = relayOf('a');
    await expect(relay.step()).rejects.toThrow('no responders');
    await expect(relay.step()).rejects.toThrow('no responders');
    publisher.refused.clear();
    expect(await relay.step()).toBe(2);
    expect(publisher.published).toEqual([first, third, third, second, third]);
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
  });

  it('leaves the log to another relay that holds the lease, and takes over when it is gone', async () => {
    await append();
    await cursor.acquire('frozen', 300);
    const relay = relayOf('b');
    expect(await relay.step()).toBe(0);
    await eventually('the lease to run out', async () => (await relay.step()) === 1);
  });

  it('drops its cursor when another relay took over meanwhile: it may repeat, it never skips', async () => {
    const frozen = relayOf('frozen', { batchSize: 1 });
    const [first, second, third] = await append(3);
    await frozen.step();
    await cursor.release('frozen');
    const other = relayOf('other', { batchSize: 1 });
    await other.step();
    await frozen.step();
    expect(publisher.published).toEqual([first, second, second]);
    expect(await frozen.step()).toBe(0);
    await other.step();
    expect(publisher.published).toEqual([first, second, second, third]);
  });

  it('publishes the whole log again when the database was restored into another cluster', async () => {
    const ids = await append(3);
    const relay = relayOf('a');
    await relay.step();
    await cursor.release('a');
    const [added] = await append();
    // As after a restore: rows and cursor carry transaction ids that this cluster has not reached.
    await db.query(`UPDATE outbox SET tx = '999999999999'`);
    await db.query(`UPDATE outbox_cursor SET system_identifier = '1', tx = '999999999999', position = 99`);
    const restored = relayOf('b');
    await eventually('all events again', async () => {
      await restored.step();
      return publisher.published.length === 7;
    });
    expect(publisher.published).toEqual([...ids, ...ids, added]);
  });

  it('publishes again what a stream lost at its end, and only that', async () => {
    const relay = relayOf('a', { reconcileMs: 0 });
    const kept = await append(3);
    await relay.step();
    await db.query(`UPDATE outbox_checkpoint SET noted_at = noted_at - interval '1 min'`);
    const lost = await append(2);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 3);
    expect([await relay.step(), await relay.step()]).toEqual([0, 2]);
    expect(publisher.stream).toEqual([...kept, ...lost]);
    expect(publisher.published).toEqual([...kept, ...lost, ...lost]);
  });

  it('publishes all that it keeps to a stream that was made anew', async () => {
    const ids = await append(5);
    const relay = relayOf('a', { reconcileMs: 0 });
    await relay.step();
    Object.assign(publisher, { streamId: 'second', stream: [] });
    expect([await relay.step(), await relay.step(), await relay.step()]).toEqual([0, 5, 0]);
    expect(publisher.stream).toEqual(ids);
  });

  it('sees a loss by the sequences of what it publishes next, before it looks at the stream', async () => {
    const relay = relayOf('a', { reconcileMs: 3_600_000 });
    const ids = await append(3);
    await relay.step();
    publisher.stream = publisher.stream.slice(0, 1);
    ids.push(...(await append(4)));
    await relay.step();
    await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
  });

  it('sees another message where its last one was: what it had published is lost, and the answers to what came since', async () => {
    const lost = await append(3);
    await relayOf('a').step();
    await cursor.release('a');
    publisher.stream = ['one', 'two', 'three', 'four'];
    const next = relayOf('b');
    expect([await next.step(), await next.step()]).toEqual([0, 3]);
    expect(publisher.stream.slice(4)).toEqual(lost);
  });

  it('takes a repeat for no loss, whose sequence is that of the first', async () => {
    const relay = relayOf('a', { reconcileMs: 0 });
    const [, repeat] = await append(2);
    publisher.stream = [repeat!];
    expect([await relay.step(), await relay.step(), await relay.step()]).toEqual([2, 0, 0]);
  });

  it('goes back once for a loss longer than a batch, not for each repeat of what it had published unaware', async () => {
    const rewinds: unknown[] = [];
    const metrics = {
      ...relayMetrics(),
      rewinds: { add: (_count: number, of: unknown) => rewinds.push(of) },
    };
    const relay = relayOf('a', { batchSize: 2, reconcileMs: 3_600_000, metrics });
    const ids = await append(6);
    for (let batch = 0; batch < 3; batch += 1) await relay.step();
    publisher.stream = publisher.stream.slice(0, 2);
    ids.push(...(await append(4)));
    for (let batch = 0; batch < 6; batch += 1) await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
    expect(await cursor.stats()).toMatchObject({ pending: 0 });
    expect(rewinds).toEqual([{ reason: 'shorter' }]);
  });

  it('sees a loss in the middle of a batch, whose place the rest of the batch has taken', async () => {
    const relay = relayOf('a', { reconcileMs: 3_600_000 });
    const ids = await append(4);
    const publish = publisher.publish.bind(publisher);
    publisher.publish = (message) => {
      if (message.id === ids[2] && publisher.published.length === 2) publisher.stream.pop();
      return publish(message);
    };
    for (let batch = 0; batch < 2; batch += 1) await relay.step();
    expect(new Set(publisher.stream)).toEqual(new Set(ids));
  });

  /** Runs relays that only look when they are told to, as replicas do. */
  function runReplicas(...relays: Relay[]) {
    const stop = new AbortController();
    const { signal } = stop;
    const running = relays.flatMap((relay) => [
      relay.run(signal),
      listenForAppends({
        connectionString: db.url,
        onAppend: () => relay.wake(),
        signal,
        log: recordingLog(),
      }),
    ]);
    return async () => {
      stop.abort();
      await Promise.all(running);
    };
  }

  it('runs until it is told to stop, looks at once after an append, and gives its lease back', async () => {
    const relay = relayOf('a', { pollMs: 60_000 });
    const before = await append();
    const stop = runReplicas(relay);
    await eventually('the first event', () => publisher.published.length === 1);
    const after = await append();
    relay.appended();
    await eventually('the second event, long before the poll', () => publisher.published.length === 2);
    expect(publisher.published).toEqual([...before, ...after]);
    await stop();
    expect(await cursor.acquire('b', 1_000)).toBeDefined();
  });

  it('is told of what a replica has appended whose own relay is idle', async () => {
    const [active, idle] = [relayOf('a', { pollMs: 60_000 }), relayOf('b', { pollMs: 60_000 })];
    const stop = runReplicas(active);
    const before = await append();
    active.appended();
    await eventually('the first event', () => publisher.published.length === 1);
    const after = await append();
    await eventually('the second event, long before the poll', () => {
      idle.appended();
      return publisher.published.length === 2;
    });
    expect(publisher.published).toEqual([...before, ...after]);
    await stop();
  });

  it('tells others one word at a time, and one more for all that came meanwhile', async () => {
    const notify = jest.spyOn(log, 'notify');
    const idle = relayOf('b');
    for (let n = 0; n < 50; n += 1) idle.appended();
    expect(notify).toHaveBeenCalledTimes(1);
    await eventually('the second word', () => notify.mock.calls.length === 2);
    await Promise.all(notify.mock.results.map(({ value }) => value as Promise<void>));
    await new Promise(setImmediate);
    expect(notify).toHaveBeenCalledTimes(2);
  });

  it('looks again, for one alone, while a transaction that nobody tells of holds events back', async () => {
    const older = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const writing = db.transaction(async (tx) => {
      await tx.query('SELECT pg_current_xact_id()');
      begun.resolve();
      await older.promise;
    });
    await begun.promise;
    const events = [someEvent(), someEvent(), someEvent()];
    await db.transaction((tx) => OutboxLog.append(tx, events));
    const read = jest.spyOn(log, 'read');
    const stop = new AbortController();
    const running = relayOf('a', { pollMs: 60_000 }).run(stop.signal);
    await eventually('looks in vain', () => read.mock.calls.length > 2);
    expect(publisher.published).toEqual([]);
    expect(read.mock.calls.map(([, limit]) => limit)).toEqual([
      256,
      1,
      ...read.mock.calls.slice(2).map(() => 1),
    ]);
    older.resolve();
    await writing;
    await eventually('the events', () => publisher.published.length === 3);
    expect(publisher.published).toEqual(events.map(({ id }) => id));
    stop.abort();
    await running;
  });

  it('drains a backlog without a pause between its batches', async () => {
    const ids = await append(7);
    const stop = new AbortController();
    const running = relayOf('a', { batchSize: 2, pollMs: 60_000 }).run(stop.signal);
    await eventually('all events', () => publisher.published.length === 7);
    expect(publisher.published).toEqual(ids);
    stop.abort();
    await running;
  });

  it('goes on by itself after the bus was away', async () => {
    const [id] = await append();
    publisher.refused.add(id!);
    const stop = new AbortController();
    const running = relayOf('a', { pollMs: 5 }).run(stop.signal);
    await eventually('a failure or two', async () => (await cursor.stats()).pending === 1);
    publisher.refused.clear();
    await eventually('the event', () => publisher.published.length === 1);
    stop.abort();
    await running;
  });
});
