import { afterEach, beforeEach } from '@jest/globals';
import { EventPublisher, type Message, type Receipt, type StreamState } from '@orders/messaging';
import { recordingLog, someEvent } from '@orders/messaging/testing';
import { createTestDatabase, eventually, type TestDatabase } from '@orders/postgres/testing';
import { Backoff } from '@orders/resilience';
import { OutboxCursor } from '../outbox-cursor.js';
import { OutboxLog } from '../outbox-log.js';
import { relayMetrics } from '../outbox-metrics.js';
import { OUTBOX_SCHEMA_V1, OUTBOX_SCHEMA_V2, OUTBOX_SCHEMA_V4 } from '../outbox-schema.js';
import { Relay, type RelayOptions } from '../relay.js';

/** A bus whose stream a test can read and change. */
export class ScriptedPublisher extends EventPublisher {
  /** Ids in the order of publishing, with repeats. */
  readonly published: string[] = [];
  /** Ids whose publish is rejected. */
  readonly refused = new Set<string>();
  streamId = 'first';
  /** Ids that the stream holds now. */
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

export interface RelayUnderTest {
  db: TestDatabase;
  log: OutboxLog;
  cursor: OutboxCursor;
  publisher: ScriptedPublisher;
}

/** Registers hooks that open and close a database with an empty outbox, and a bus, for each test. */
export function useRelay(): RelayUnderTest {
  const under = {} as RelayUnderTest;
  beforeEach(async () => {
    const db = await createTestDatabase();
    await db.query(OUTBOX_SCHEMA_V1 + OUTBOX_SCHEMA_V2 + OUTBOX_SCHEMA_V4);
    const parts = {
      log: new OutboxLog(db),
      cursor: new OutboxCursor(db),
      publisher: new ScriptedPublisher(),
    };
    Object.assign(under, { db, ...parts });
  });
  afterEach(() => under.db[Symbol.asyncDispose]());
  return under;
}

/** A relay that retries within milliseconds. */
export function relayOf(
  { log, cursor, publisher }: RelayUnderTest,
  owner: string,
  options: Partial<RelayOptions> = {},
): Relay {
  const backoff = new Backoff({ baseMs: 5, maxMs: 20 });
  const parts = { log, cursor, publisher, logger: recordingLog(), metrics: relayMetrics() };
  return new Relay({ ...parts, owner, backoff, ...options });
}

/** Appends events and waits until they are visible to a relay. Returns their ids. */
export async function append({ db }: RelayUnderTest, count = 1): Promise<string[]> {
  const events = Array.from({ length: count }, () => someEvent());
  await db.transaction((tx) => OutboxLog.append(tx, events));
  await eventually('all older transactions of the server to end, those of other tests too', async () => {
    const [row] = await db.query<{ hidden: boolean }[]>(
      'SELECT EXISTS (SELECT FROM outbox WHERE tx >= pg_snapshot_xmin(pg_current_snapshot())) AS hidden',
    );
    return row?.hidden === false;
  });
  return events.map(({ id }) => id);
}
