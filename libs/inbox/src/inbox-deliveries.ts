import { firstUuidV7 } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import type { DeadLetterState } from './dead-letter-reads.js';
import { storableId } from './dead-letters.js';
import { INBOX_RETENTION_MS } from './inbox.js';

/**
 * What became of an event at a consumer:
 * - `waiting`: it has neither taken effect nor become a dead letter.
 * - `applied`: it has taken effect.
 * - `deadLetter`: it could take none, and waits for the decision of an operator.
 * - `redriven`, `discarded`: what an operator decided.
 * - `forgotten`: the inbox keeps no entries as old as this event.
 */
export type DeliveryState = 'waiting' | 'applied' | 'deadLetter' | 'redriven' | 'discarded' | 'forgotten';

/** What is known of the dead letter of an event. */
export interface DeliveryLetter {
  /** 64-bit, hence text. */
  readonly id: string;
  readonly address: string;
  readonly error: string;
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly createdAt: Date;
  readonly headers: Readonly<Record<string, string>>;
}

export interface EventDelivery {
  readonly eventId: string;
  readonly state: DeliveryState;
  /** When its effect was committed; undefined unless Postgres runs with track_commit_timestamp. */
  readonly appliedAt: Date | undefined;
  /** Its dead letter: the one that waits, or the newest. */
  readonly letter: DeliveryLetter | undefined;
}

const DELIVERIES = `
  SELECT applied.event_id IS NOT NULL AS "isApplied", applied.at AS "appliedAt", letter.id::text, letter.address,
         letter.error, letter.attempts, letter.state, letter.created_at AS "createdAt", letter.headers
  FROM unnest($2::text[], $3::uuid[]) WITH ORDINALITY AS wanted (id, uuid, place)
  LEFT JOIN LATERAL (
    SELECT event_id, CASE WHEN current_setting('track_commit_timestamp')::boolean
      THEN pg_xact_commit_timestamp(xmin) END AS at
    FROM inbox WHERE consumer = $1 AND event_id = wanted.uuid
  ) AS applied ON true
  LEFT JOIN LATERAL (
    SELECT * FROM dead_letter WHERE consumer = $1 AND event_id = wanted.id
    ORDER BY state = 'waiting' DESC, dead_letter.id DESC LIMIT 1
  ) AS letter ON true
  ORDER BY place`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Row = { isApplied: boolean; appliedAt: Date | null } & (
  DeliveryLetter | { [K in keyof DeliveryLetter]: null }
);

/**
 * What became of events at a consumer, in the given order. It reads the indexes of inbox and dead letters alone.
 *
 * @param ids of events; one that is no UUID can only be a dead letter
 */
export async function findDeliveries(
  db: Queryable,
  consumer: string,
  ids: readonly string[],
): Promise<EventDelivery[]> {
  const uuids = ids.map((id) => (UUID.test(id) ? id : null));
  const rows = await db.query<Row[]>(DELIVERIES, [consumer, ids.map(storableId), uuids]);
  const oldest = firstUuidV7(new Date(Date.now() - INBOX_RETENTION_MS));
  return rows.map(({ isApplied, appliedAt, ...found }, index) => {
    const eventId = ids[index] ?? '';
    const letter = found.id === null ? undefined : found;
    const isForgotten = UUID.test(eventId) && eventId.toLowerCase() < oldest;
    const state = stateOf(letter, { isApplied, isForgotten });
    return { eventId, state, appliedAt: appliedAt ?? undefined, letter };
  });
}

function stateOf(
  letter: DeliveryLetter | undefined,
  { isApplied, isForgotten }: { isApplied: boolean; isForgotten: boolean },
): DeliveryState {
  if (letter?.state === 'redriven') return 'redriven';
  // A dead letter may wait though its event took effect later, by a replay.
  if (isApplied) return 'applied';
  if (letter?.state === 'waiting') return 'deadLetter';
  if (letter) return 'discarded';
  return isForgotten ? 'forgotten' : 'waiting';
}
