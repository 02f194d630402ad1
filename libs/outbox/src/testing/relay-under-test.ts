import { afterEach, beforeEach } from '@jest/globals';
import { EventPublisher, type Message, type Receipt, type StreamState } from '@orders/messaging';
import { recordingLog, someEvent } from '@orders/messaging/testing';
import { createTestDatabase, type TestDatabase } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Backoff } from '@orders/resilience';
import { eventIdOf } from '../message-id.js';
import { OutboxCursor } from '../outbox-cursor.js';
import { OutboxLog } from '../outbox-log.js';
import { type RelayMetrics, relayMetrics } from '../outbox-metrics.js';
import { Relay, type RelayOptions } from '../relay.js';
import { OUTBOX_SCHEMA } from './whole-schema.js';

/** A bus whose stream a test can read and change. */
export class ScriptedPublisher extends EventPublisher {
  /** Ids in the order of publishing, with repeats. */
  readonly published: string[] = [];
  /** Ids whose publish is rejected. */
  readonly refused = new Set<string>();
  /** Ids that are acked as duplicates, and the sequences in these acks, whatever the stream holds. */
  readonly known = new Map<string, number>();
  /** The question whose next answer is a failure. */
  failing: 'state' | 'idAt' | undefined;
  streamId = 'first';
  /** Ids that the stream holds now, at their sequences; undefined where it has lost a message. */
  stream: (string | undefined)[] = [];
  keepsForMs = Infinity;

  publish({ id }: Message): Promise<Receipt> {
    if (this.refused.has(id)) return Promise.reject(new Error('no responders'));
    this.published.push(id);
    const known = this.known.get(id) ?? this.stream.indexOf(id) + 1;
    if (known > 0 || this.known.has(id)) return Promise.resolve({ sequence: known, duplicate: true });
    return Promise.resolve({ sequence: this.stream.push(id), duplicate: false });
  }

  async state(): Promise<StreamState> {
    this.failWhen('state');
    const { stream, streamId: id, keepsForMs } = this;
    const first = stream.findIndex((held) => held !== undefined);
    const firstSequence = (first < 0 ? stream.length : first) + 1;
    const gaps = stream.flatMap((held, index) =>
      held === undefined && index >= firstSequence ? [{ from: index + 1, to: index + 1 }] : [],
    );
    const state = { id, firstSequence, lastSequence: stream.length, gaps, keepsForMs };
    return { ...state, firstTime: first < 0 ? undefined : new Date() };
  }

  async idAt(sequence: number): Promise<string | undefined> {
    this.failWhen('idAt');
    return this.stream[sequence - 1];
  }

  private failWhen(asked: typeof this.failing): void {
    if (this.failing !== asked) return;
    this.failing = undefined;
    throw new Error('JetStream system temporarily unavailable');
  }

  /** The events that the stream holds, in order. */
  get events(): string[] {
    return this.stream.flatMap((id) => (id === undefined ? [] : [eventIdOf(id)]));
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
    await db.query(OUTBOX_SCHEMA);
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
  const parts = { log, cursor, publisher, logger: recordingLog(), metrics: relayMetrics([]) };
  return new Relay({ ...parts, owner, backoff, ...options });
}

/** Appends events and waits until they are visible to a relay. Returns their ids. */
export async function append({ db }: RelayUnderTest, count = 1, subject?: string): Promise<string[]> {
  const events = Array.from({ length: count }, () => someEvent()).map((event) => ({
    ...event,
    subject: subject ?? event.subject,
  }));
  await db.transaction((tx) => OutboxLog.append(tx, events));
  await eventually('all older transactions of the server to end, those of other tests too', async () => {
    const [row] = await db.query<{ hidden: boolean }[]>(
      'SELECT EXISTS (SELECT FROM outbox WHERE tx >= pg_snapshot_xmin(pg_current_snapshot())) AS hidden',
    );
    return row?.hidden === false;
  });
  return events.map(({ id }) => id);
}

/** Steps until there is nothing left to do. */
export async function runOut(relay: Relay): Promise<void> {
  for (let idle = 0; idle < 2;) idle = (await relay.step()) > 0 ? 0 : idle + 1;
}

/** Makes the checkpoints older by a minute. The next one is made a second after the last. */
export const age = (db: TestDatabase): Promise<unknown> =>
  db.query(`UPDATE outbox_checkpoint SET noted_at = noted_at - interval '1 min'`);

/** Metrics that record the outcomes of the attempts to publish. */
export function recordingOutcomes(): { outcomes: string[]; metrics: RelayMetrics } {
  const outcomes: string[] = [];
  const add = (_count: number, attributes: { outcome: string }) => void outcomes.push(attributes.outcome);
  return { outcomes, metrics: { ...relayMetrics([]), published: { add } } };
}

/** Metrics that record the reasons of the rewinds. */
export function recordingRewinds(): { reasons: string[]; metrics: RelayMetrics } {
  const reasons: string[] = [];
  const metrics = relayMetrics([]);
  const add = (_count: number, attributes: { reason: string }) => void reasons.push(attributes.reason);
  return { reasons, metrics: { ...metrics, rewinds: { add } } };
}
