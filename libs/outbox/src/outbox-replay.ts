import type { EventPublisher, Message } from '@orders/messaging';
import { AWAIT_REPLICATION, type Queryable } from '@orders/postgres';
import type { Pace } from '@orders/resilience';
import { replayMessageId } from './message-id.js';
import type { LogPosition } from './outbox-log.js';

/** Selects kept events. */
export interface ReplayRange {
  /** Recorded at or after this time. */
  readonly since: Date;
  /** Recorded before this time. */
  readonly until: Date;
  /** Recorded with this subject; undefined = any. */
  readonly subject: string | undefined;
}

export interface ReplaySummary {
  readonly events: number;
  /** null when there is none. */
  readonly oldest: Date | null;
  readonly newest: Date | null;
}

/** The position before the first entry. */
export const LOG_START: LogPosition = { tx: '0', position: '0' };

/** The position is in sub-selects for the same reason as in {@link OutboxLog.read}. */
const IN_RANGE = `
  recorded_at >= $1 AND recorded_at < $2 AND ($3::text IS NULL OR subject = $3)
    AND (tx, position) > ((SELECT $4::xid8), (SELECT $5::bigint)) AND tx < pg_snapshot_xmin(pg_current_snapshot())`;

const COUNT = `
  SELECT count(*)::int AS events, min(recorded_at) AS oldest, max(recorded_at) AS newest
  FROM outbox WHERE ${IN_RANGE}`;

const READ = `
  SELECT tx::text, position::text, event_id AS id, subject, headers, body, (SELECT ${AWAIT_REPLICATION}) AS replicated
  FROM outbox WHERE ${IN_RANGE}
  ORDER BY outbox.tx, outbox.position LIMIT $6`;

export interface ReplayOptions {
  readonly db: Queryable;
  readonly publisher: EventPublisher;
  readonly range: ReplayRange;
  /** Starts after this position. */
  readonly after: LogPosition;
  /** The subject to publish an event to. */
  readonly subjectOf: (message: Message) => string;
  /** Unique for each replay: so the bus does not take the events for duplicates of those that it has. */
  readonly run: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Called after each batch with the events published so far, and the position to continue after. */
  readonly onProgress: (published: number, position: LogPosition) => void;
  /** Events published concurrently. Default 256. */
  readonly batchSize?: number;
}

/** Counts what a replay would publish. */
export async function countReplay(
  db: Queryable,
  range: ReplayRange,
  after: LogPosition,
): Promise<ReplaySummary> {
  const [row] = await db.query<ReplaySummary[]>(COUNT, parametersOf(range, after));
  return row ?? { events: 0, oldest: null, newest: null };
}

/**
 * Publishes kept events again, in the order of the log, with the header `ce-replay: true`. They keep their ids, so that
 * inboxes detect the duplicates. The caller keeps the position: with a cursor row of its own, a replay that is never
 * finished would prevent the log from dropping old days.
 *
 * @returns the number of published events; fewer than selected when `signal` aborted
 * @throws what the database or the bus threw; everything up to the last `onProgress` is published
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { db, range, signal, onProgress, batchSize = 256, pace } = options;
  let position = options.after;
  let published = 0;
  while (!signal.aborted) {
    const entries = await db.query<(LogPosition & Message)[]>(READ, [
      ...parametersOf(range, position),
      batchSize,
    ]);
    const last = entries.at(-1);
    if (!last) break;
    await pace.take(entries.length, signal);
    if (signal.aborted) break;
    const results = await Promise.allSettled(entries.map((entry) => publishAgain(entry, options)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    position = { tx: last.tx, position: last.position };
    onProgress((published += entries.length), position);
  }
  return published;
}

function publishAgain(
  { id, subject, headers, body }: Message,
  { publisher, subjectOf, run }: ReplayOptions,
): Promise<unknown> {
  const original = { id, subject, headers, body };
  return publisher.publish({
    id: replayMessageId(id, run),
    subject: subjectOf(original),
    headers: { ...headers, 'ce-replay': 'true' },
    body,
  });
}

function parametersOf({ since, until, subject }: ReplayRange, { tx, position }: LogPosition): unknown[] {
  return [since, until, subject ?? null, tx, position];
}
