import { firstUuidV7 } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

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

/** Remembers which events have taken effect, so that each does once however often it is delivered. */
export class Inbox {
  /** @param consumer whose inbox: consumers that share a database do not share events */
  constructor(private readonly consumer: string) {}

  /**
   * Notes events in the transaction of their effect, and returns those that are new, each once and in the order
   * given. Waits for another transaction that is noting the same event.
   *
   * @param events ids are UUIDs
   */
  async accept<Event extends { id: string }>(tx: Queryable, events: readonly Event[]): Promise<Event[]> {
    if (events.length === 0) return [];
    const ids = events.map(({ id }) => id);
    const rows = await tx.query<{ id: string }[]>(ACCEPT, [this.consumer, ids]);
    const fresh = new Set(rows.map(({ id }) => id));
    // A batch may hold one event twice: the first takes it out of the set.
    return events.filter(({ id }) => fresh.delete(id.toLowerCase()));
  }

  /**
   * Forgets events made before `before`, at most `limit`. An event that is delivered after it was forgotten takes
   * effect again, so keep them longer than the stream and than any redrive. Ids are UUIDv7 (RFC 9562): they tell
   * when they were made.
   *
   * @returns how many were forgotten; fewer than `limit` = there are no more
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
