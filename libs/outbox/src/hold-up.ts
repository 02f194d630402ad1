import type { Log } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

/** The transaction for whose end the relay waits. What the role may not see of another one's session is null. */
export interface HoldUp {
  /** How long the first entry has waited, in seconds. */
  waitingSeconds: number;
  /** The session; null for a prepared transaction. */
  pid: number | null;
  application: string | null;
  user: string | null;
  database: string | null;
  state: string | null;
  waitEvent: string | null;
  /** How long the transaction has been open, in seconds. */
  openSeconds: number | null;
  /** The name of a prepared transaction, which has no session. */
  prepared: string | null;
}

/** By its lock, which each role may see: `backend_xid` of another role's session is hidden. */
const HOLD_UP = `
  WITH waiting AS (
    SELECT recorded_at FROM (
      SELECT tx, recorded_at FROM outbox
      WHERE (tx, position) > ((SELECT tx FROM outbox_cursor WHERE name = 'relay'),
                              (SELECT position FROM outbox_cursor WHERE name = 'relay'))
      ORDER BY tx, position LIMIT 1) AS first
    WHERE tx >= pg_snapshot_xmin(pg_current_snapshot()) AND recorded_at < now() - $1 * interval '1 ms'
  ), oldest AS (
    SELECT pid, transactionid FROM pg_locks
    WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND granted
    ORDER BY age(transactionid) DESC LIMIT 1
  )
  SELECT extract(epoch FROM now() - recorded_at)::int AS "waitingSeconds",
    oldest.pid, application_name AS application, usename AS "user", datname AS database, state,
    wait_event AS "waitEvent", extract(epoch FROM now() - xact_start)::int AS "openSeconds", gid AS prepared
  FROM waiting, oldest
    LEFT JOIN pg_stat_activity AS session ON session.pid = oldest.pid
    LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = oldest.transactionid`;

/** What the relay waits for, when the next entry is committed and has been held back for `ms`. */
export async function findHoldUp(db: Queryable, ms: number): Promise<HoldUp | undefined> {
  const [found] = await db.query<HoldUp[]>(HOLD_UP, [ms]);
  return found;
}

/** Logs what has held the relay back for 10 s. */
export async function reportHoldUp(db: Queryable, logger: Log): Promise<void> {
  const holdUp = await findHoldUp(db, 10_000);
  if (holdUp)
    logger.warn(
      { ...holdUp },
      'an open transaction holds the relay back, see docs/runbooks/relay-held-back.md',
    );
}
