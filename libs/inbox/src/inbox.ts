import { firstUuidV7, STREAM_MAX_AGE_RANGE_MS } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

/** 30 days, in ms: longer than any stream keeps events, and longer than any redrive of ours. */
export const INBOX_RETENTION_MS = STREAM_MAX_AGE_RANGE_MS.max + 2 * 24 * 60 * 60 * 1_000;

const ACCEPT = `
  INSERT INTO inbox (consumer, event_id)
  SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
  ON CONFLICT DO NOTHING
  RETURNING event_id AS id`;

const FORGET = `
  WITH old AS (
    DELETE FROM inbox WHERE (consumer, event_id) IN (
      SELECT consumer, event_id FROM inbox
      WHERE consumer = $1 AND event_id < $2::uuid ORDER BY event_id LIMIT $3)
    RETURNING 1
  )
  SELECT count(*)::int AS forgotten FROM old`;

/** Records which events have taken effect, so that each takes effect once, however often it is delivered. */
export class Inbox {
  /** @param consumer the consumer that the inbox belongs to: consumers may share a database, but not their inboxes */
  constructor(private readonly consumer: string) {}

  /**
   * Records events in the transaction of their effect. Waits for another transaction that is recording the same event.
   *
   * @param events with UUIDs as ids
   * @returns the events that are new, each once, in the given order
   */
  async accept<Event extends { id: string }>(tx: Queryable, events: readonly Event[]): Promise<Event[]> {
    if (events.length === 0) return [];
    const ids = events.map(({ id }) => id);
    const rows = await tx.query<{ id: string }[]>(ACCEPT, [this.consumer, ids]);
    const fresh = new Set(rows.map(({ id }) => id));
    // A batch may hold an event twice: the first one removes its id from the set.
    return events.filter(({ id }) => fresh.delete(id.toLowerCase()));
  }

  /**
   * Deletes the entries of events created before `before`, at most `limit` (default 5,000). A forgotten event takes
   * effect again when it is redelivered: so keep the entries longer than the stream keeps events, and longer than any
   * redrive. The ids are UUIDv7 (RFC 9562) and contain the time of creation.
   *
   * @returns the number of deleted entries; fewer than `limit` when there are no more
   */
  async forget(db: Queryable, before: Date, limit = 5_000): Promise<number> {
    const [row] = await db.query<{ forgotten: number }[]>(FORGET, [
      this.consumer,
      firstUuidV7(before),
      limit,
    ]);
    return row?.forgotten ?? 0;
  }
}
