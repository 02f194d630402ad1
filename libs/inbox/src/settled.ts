import { firstUuidV7, type SettledEvents } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import { storableId } from './dead-letters.js';

const NEWEST = `
  SELECT event_id AS id FROM inbox WHERE consumer = $1 AND event_id < $2::uuid ORDER BY event_id DESC LIMIT 1`;

const ARE_SETTLED = `
  SELECT NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::text[], $4::text[]) AS event (uuid, id, address)
    WHERE NOT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = event.uuid)
      AND NOT EXISTS (
        SELECT FROM dead_letter AS letter
        WHERE consumer = $1 AND event_id = event.id AND (event.id <> '' OR letter.address = event.address))
  ) AS settled`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What a consumer has settled, according to its inbox and its dead letters. The queries throw what the database throws.
 *
 * @param consumer its name
 */
export function settledEvents(db: Queryable, consumer: string): SettledEvents {
  return {
    newestTime: async () => {
      const [row] = await db.query<{ id: string }[]>(NEWEST, [consumer, firstUuidV7(new Date())]);
      // A UUIDv7 (RFC 9562) begins with the milliseconds since the epoch.
      return new Date(row ? Number.parseInt(row.id.slice(0, 8) + row.id.slice(9, 13), 16) : 0);
    },
    areSettled: async (events) => {
      const uuids = events.map(({ id }) => (UUID.test(id) ? id : null));
      const ids = events.map(({ id }) => storableId(id));
      const addresses = events.map(({ address }) => address);
      const [row] = await db.query<{ settled: boolean }[]>(ARE_SETTLED, [consumer, uuids, ids, addresses]);
      return row?.settled ?? false;
    },
  };
}
