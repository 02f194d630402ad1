import type { Queryable } from '../queryable.js';

/** One event, and where the bus stores it. */
export interface EventPlace {
  /** Empty when the publisher gave none. */
  readonly id: string;
  readonly address: string;
}

const SETTLED = `
  SELECT EXISTS (SELECT FROM inbox WHERE consumer = $1 AND event_id = $2::uuid)
      OR EXISTS (SELECT FROM dead_letter WHERE consumer = $1 AND event_id = $3 AND ($3 <> '' OR address = $4)) AS settled`;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Has an event been settled by a consumer: has it taken effect, or is it kept as a dead letter? One whose id the inbox
 * has forgotten by now counts as not settled.
 *
 * @param consumer whose inbox and dead letters
 */
export async function hasSettled(
  db: Queryable,
  consumer: string,
  { id, address }: EventPlace,
): Promise<boolean> {
  const uuid = UUID.test(id) ? id : null;
  const [row] = await db.query<{ settled: boolean }[]>(SETTLED, [consumer, uuid, id, address]);
  return row?.settled ?? false;
}
