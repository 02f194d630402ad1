import type { Message } from '@orders/messaging';
import { AWAIT_REPLICATION, type Queryable } from '@orders/postgres';

/** A position in the log. Entries are ordered by `tx`, then by `position`; both are 64-bit, hence text. */
export interface LogPosition {
  /** The id of the transaction that wrote the entry. */
  readonly tx: string;
  /** A number from a sequence. */
  readonly position: string;
}

/** A message and its position in the log. */
export interface LogEntry extends LogPosition {
  readonly message: Message;
}

/** The result of reading the log. */
export interface LogRead {
  readonly entries: LogEntry[];
  /** True when more entries are committed, but visible only after an older transaction, of any client, has ended. */
  readonly isHeldBack: boolean;
}

const APPEND = `
  INSERT INTO outbox (event_id, subject, headers, body)
  SELECT event_id, subject, headers, body
  FROM json_to_recordset($1) AS m(event_id uuid, subject text, headers json, body text)`;

/**
 * The position is in sub-selects, because the planner does not know their values. If it did, it would conclude from
 * statistics older than the backlog that there is nothing after the position, and would read and sort the whole backlog
 * for each batch.
 *
 * It waits until the entries are replicated as configured: an event that is published must not be lost in a failover.
 */
const READ = `
  SELECT tx::text, position::text, settled.*, (SELECT ${AWAIT_REPLICATION}) AS replicated
  FROM outbox LEFT JOIN LATERAL (
    SELECT event_id, subject, headers, body WHERE tx < (SELECT pg_snapshot_xmin(pg_current_snapshot()))
  ) AS settled ON true
  WHERE (tx, position) > ((SELECT $1::xid8), (SELECT $2::bigint))
  ORDER BY outbox.tx, outbox.position -- bare names would mean the texts selected above: 1000 before 999
  LIMIT $3`;

const DAYS_WITHOUT_PARTITION = `
  SELECT day::text FROM (SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(1, 7) AS n) AS coming (day)
  WHERE to_regclass('outbox_' || to_char(day, 'YYYYMMDD')) IS NULL
  ORDER BY day`;

/**
 * The outbox as an append-only log. Rows are appended in the transaction that changes the state, and are never updated
 * or deleted. A reader moves a cursor over them ({@link OutboxCursor}). See docs/adr/0004.
 */
export class OutboxLog {
  /** @param db runs statements outside of any transaction */
  constructor(private readonly db: Queryable) {}

  /** Appends messages in the caller's transaction, in the given order. */
  static async append(tx: Queryable, messages: readonly Message[]): Promise<void> {
    await tx.query(APPEND, [JSON.stringify(messages.map(toRow))]);
  }

  /**
   * The next entries after `cursor`, oldest first, at most `limit`, once they are replicated as configured. Leaves out entries that a running transaction could
   * still precede: so no entry appears later at a position that the cursor has already passed.
   */
  async read(cursor: LogPosition, limit: number): Promise<LogRead> {
    const rows = await this.db.query<(LogPosition & (Row | HeldBack))[]>(READ, [
      cursor.tx,
      cursor.position,
      limit,
    ]);
    const entries = rows.flatMap(({ tx, position, ...row }) =>
      row.event_id === null ? [] : [{ tx, position, message: toMessage(row) }],
    );
    return { entries, isHeldBack: entries.length < rows.length };
  }

  /** Notifies all listeners ({@link listenForAppends}) that the log has new entries. */
  async notify(): Promise<void> {
    await this.db.query('NOTIFY outbox');
  }

  /**
   * Creates the partitions of the next days, and drops those that every cursor has passed and that are older than
   * `keepMs`. One process at a time does this; the others return at once. Call it at least once a day.
   *
   * @returns the coming days that have no partition yet, because a reader of the default one, such as a dump, held it; as
   * `2026-11-30`. The next call tries again
   */
  async maintain(keepMs: number): Promise<string[]> {
    await this.db.query(`SELECT outbox_maintain($1 * interval '1 ms')`, [keepMs]);
    const days = await this.db.query<{ day: string }[]>(DAYS_WITHOUT_PARTITION);
    return days.map(({ day }) => day);
  }
}

interface Row {
  event_id: string;
  subject: string;
  headers: Record<string, string>;
  body: string;
}

/** A row whose transaction is not yet older than every running transaction. */
type HeldBack = Record<keyof Row, null>;

function toMessage({ event_id: id, subject, headers, body }: Row): Message {
  return { id, subject, headers, body };
}

function toRow(message: Message): Row {
  return { event_id: message.id, subject: message.subject, headers: message.headers, body: message.body };
}
