import type { Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

/** A place in the log. Both parts are 64-bit, hence text. */
export interface Place {
  readonly tx: string;
  readonly position: string;
}

/** A message, and its place in the log. */
export interface LogEntry extends Place {
  readonly message: Message;
}

/** What a look at the log saw. */
export interface Look {
  readonly entries: LogEntry[];
  /** More is committed, but shows only when an older transaction, of whoever, has ended. */
  readonly isHeldBack: boolean;
}

const APPEND = `
  INSERT INTO outbox (event_id, subject, headers, body)
  SELECT event_id, subject, headers, body
  FROM json_to_recordset($1) AS m(event_id uuid, subject text, headers json, body text)
  RETURNING position`;

/**
 * The place is in sub-selects, of whose values the planner knows nothing. By statistics that are older than a backlog it
 * would take there to be nothing behind a place, and read and sort all of the backlog for each batch.
 */
const READ = `
  SELECT tx::text, position::text, settled.*
  FROM outbox LEFT JOIN LATERAL (
    SELECT event_id, subject, headers, body WHERE tx < (SELECT pg_snapshot_xmin(pg_current_snapshot()))
  ) AS settled ON true
  WHERE (tx, position) > ((SELECT $1::xid8), (SELECT $2::bigint))
  ORDER BY outbox.tx, outbox.position -- bare names would be the texts selected above: 1000 before 999
  LIMIT $3`;

const IDS_UP_TO = `
  SELECT event_id FROM outbox
  WHERE (tx, position) <= ($1::xid8, $2::bigint)
  ORDER BY tx DESC, position DESC
  LIMIT $3`;

/**
 * The outbox as a log: rows are appended in the transaction that changes the state and are never updated or deleted; a
 * reader moves a cursor over them ({@link OutboxCursor}). See docs/adr/0004.
 */
export class OutboxLog {
  /** @param db runs outside of any transaction */
  constructor(private readonly db: Queryable) {}

  /** Records messages in the caller's transaction, in the order given. */
  static async append(tx: Queryable, messages: readonly Message[]): Promise<void> {
    await tx.query(APPEND, [JSON.stringify(messages.map(toRow))]);
  }

  /**
   * The next entries after `cursor`, oldest first. Leaves out what a transaction that is still running could
   * precede, so that no entry ever appears behind a cursor.
   */
  async read(cursor: Place, limit: number): Promise<Look> {
    const rows = await this.db.query<(Place & (Row | HeldBack))[]>(READ, [cursor.tx, cursor.position, limit]);
    const entries = rows.flatMap(({ tx, position, ...row }) =>
      row.event_id === null ? [] : [{ tx, position, message: toMessage(row) }],
    );
    return { entries, isHeldBack: entries.length < rows.length };
  }

  /** The ids of the last entries at or before a place, that of the last one first. */
  async idsUpTo({ tx, position }: Place, limit: number): Promise<string[]> {
    const rows = await this.db.query<Pick<Row, 'event_id'>[]>(IDS_UP_TO, [tx, position, limit]);
    return rows.map(({ event_id: id }) => id);
  }

  /** Tells those who listen ({@link listenForAppends}) that there is something new in the log. */
  async notify(): Promise<void> {
    await this.db.query('NOTIFY outbox');
  }

  /**
   * Makes the partitions to come and drops those that are read and older than `keepMs`. One process at a time does
   * it; the others return at once. To be called at least once a day.
   */
  async maintain(keepMs: number): Promise<void> {
    await this.db.query(`SELECT outbox_maintain($1 * interval '1 ms')`, [keepMs]);
  }
}

interface Row {
  event_id: string;
  subject: string;
  headers: Record<string, string>;
  body: string;
}

/** A row whose transaction is not yet older than all that run. */
type HeldBack = Record<keyof Row, null>;

function toMessage({ event_id: id, subject, headers, body }: Row): Message {
  return { id, subject, headers, body };
}

function toRow(message: Message): Row {
  return { event_id: message.id, subject: message.subject, headers: message.headers, body: message.body };
}
