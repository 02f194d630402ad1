import type { EventPublisher, Message, StreamState } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import type { Pace } from '@orders/resilience';
import type { Place } from './outbox-log.js';

/** Which kept events. */
export interface ReplayRange {
  /** Recorded at or after this. */
  readonly since: Date;
  /** Recorded before this. */
  readonly until: Date;
  /** Published there at first; undefined = all. */
  readonly subject: string | undefined;
}

export interface ReplaySummary {
  readonly events: number;
  /** null when there is none. */
  readonly oldest: Date | null;
  readonly newest: Date | null;
}

/** Where a log begins. */
export const LOG_START: Place = { tx: '0', position: '0' };

/** The place in sub-selects: as in the relay's own reading. */
const IN_RANGE = `
  recorded_at >= $1 AND recorded_at < $2 AND ($3::text IS NULL OR subject = $3)
    AND (tx, position) > ((SELECT $4::xid8), (SELECT $5::bigint)) AND tx < pg_snapshot_xmin(pg_current_snapshot())`;

const COUNT = `
  SELECT count(*)::int AS events, min(recorded_at) AS oldest, max(recorded_at) AS newest
  FROM outbox WHERE ${IN_RANGE}`;

const READ = `
  SELECT tx::text, position::text, event_id AS id, subject, headers, body FROM outbox WHERE ${IN_RANGE}
  ORDER BY outbox.tx, outbox.position LIMIT $6`;

const RELAY = `
  SELECT stream, stream_sequence::float8 AS "streamSequence" FROM outbox_cursor WHERE name = 'relay'`;

export interface ReplayOptions {
  readonly db: Queryable;
  readonly publisher: EventPublisher;
  readonly range: ReplayRange;
  /** Goes on behind this place. */
  readonly after: Place;
  /** Where an event goes. */
  readonly subjectOf: (message: Message) => string;
  /** Unique for each replay: keeps the bus from taking the events for those that it has. */
  readonly run: string;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** Told after each batch: how many so far, and the place to go on from. */
  readonly onProgress: (published: number, place: Place) => void;
  /** Published side by side. Default 256. */
  readonly batchSize?: number;
}

/** How much a replay would publish. */
export async function countReplay(db: Queryable, range: ReplayRange, after: Place): Promise<ReplaySummary> {
  const [row] = await db.query<ReplaySummary[]>(COUNT, parametersOf(range, after));
  return row ?? { events: 0, oldest: null, newest: null };
}

/**
 * Publishes kept events again, in the order of the log, marked by the header `ce-replay`; ids stay, so that inboxes
 * know them. The place is kept by the caller: a row of its own among the cursors would keep the log from ever
 * dropping a day if the replay were never finished.
 *
 * @returns how many; fewer than there are when `signal` aborted
 * @throws what the database or the bus threw; everything up to the last `onProgress` is published
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { db, range, signal, onProgress, batchSize = 256, pace } = options;
  let place = options.after;
  let published = 0;
  while (!signal.aborted) {
    const entries = await db.query<(Place & Message)[]>(READ, [...parametersOf(range, place), batchSize]);
    const last = entries.at(-1);
    if (!last) break;
    await pace.take(entries.length, signal);
    if (signal.aborted) break;
    const results = await Promise.allSettled(entries.map((entry) => publishAgain(entry, options)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    place = { tx: last.tx, position: last.position };
    onProgress((published += entries.length), place);
  }
  return published;
}

/**
 * Has the stream lost events that the relay has not published again yet? Then a replay has to wait: what it adds would
 * make the stream look as long as it was.
 */
export async function hasLostEvents(db: Queryable, { id, lastSequence }: StreamState): Promise<boolean> {
  const [relay] = await db.query<{ stream: string | null; streamSequence: number }[]>(RELAY);
  if (!relay?.stream) return false;
  return relay.stream !== id || lastSequence < relay.streamSequence;
}

function publishAgain(
  { id, subject, headers, body }: Message,
  { publisher, subjectOf, run }: ReplayOptions,
): Promise<unknown> {
  const original = { id, subject, headers, body };
  return publisher.publish({
    id: `${id}/${run}`,
    subject: subjectOf(original),
    headers: { ...headers, 'ce-replay': 'true' },
    body,
  });
}

function parametersOf({ since, until, subject }: ReplayRange, { tx, position }: Place): unknown[] {
  return [since, until, subject ?? null, tx, position];
}
