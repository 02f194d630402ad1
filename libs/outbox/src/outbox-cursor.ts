import type { SequenceRange, StreamState } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import type { LogPosition } from './outbox-log.js';

/** A position in the log. The stream holds everything up to it, at sequences up to `streamSequence`. */
export interface Checkpoint extends LogPosition {
  /** The id of the stream; undefined before the first contact with it. */
  readonly stream: string | undefined;
  /** The highest sequence that the stream assigned to these entries; 0 when there are none. */
  readonly streamSequence: number;
  /** The event with this sequence; undefined when that is not known. */
  readonly messageId: string | undefined;
}

/** The checkpoint that a relay has reached, and what it knows of the stream's losses. */
export interface Cursor extends Checkpoint {
  /** What the stream had lost at the last rewind: these events are published again. */
  readonly knownGaps: readonly SequenceRange[];
  /** The last sequence of the stream at the last rewind. */
  readonly rewoundAt: number;
}

/** A cursor with the lease on it. */
export interface AcquiredCursor extends Cursor {
  /** True when the log was restored into another Postgres cluster: call {@link OutboxCursor.rebase}. */
  readonly clusterChanged: boolean;
}

/** How far the relay lags behind the log. */
export interface OutboxStats {
  /** Entries after the cursor, which are not published yet. Counted up to {@link PENDING_CEILING}. */
  pending: number;
  /** Age of the oldest of them, in seconds; 0 when there is none. */
  oldestAgeSeconds: number;
}

/** 100 years: older than any checkpoint, and in the range of timestamps. */
const LONGEST_MS = 100 * 365 * 24 * 60 * 60 * 1_000;

/** Counting stops here: the cost of the metric must not grow with the backlog. */
const PENDING_CEILING = 100_000;

/** The columns of a {@link Cursor}. */
const CURSOR = `
  tx::text, position::text, stream, stream_sequence::float8 AS "streamSequence",
  CASE WHEN message_sequence = stream_sequence THEN message_id END AS "messageId",
  known_gaps AS "knownGaps", rewound_at::float8 AS "rewoundAt"`;

const ACQUIRE = `
  WITH taken AS (
    UPDATE outbox_cursor SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE name = $1 AND (owner = $2 OR owner IS NULL OR lease_until < clock_timestamp())
    RETURNING ${CURSOR}, system_identifier
  )
  SELECT taken.*, taken.system_identifier <> here.system_identifier::text AS "clusterChanged"
  FROM taken, pg_control_system() AS here`;

/** Does not wait for the disk: when a crash sets the cursor back, the stream only gets known ids again. */
const ADVANCE = `
  WITH moved AS (
    UPDATE outbox_cursor
    SET tx = $5, position = $6, lease_until = clock_timestamp() + $7 * interval '1 ms',
        stream = $8, stream_sequence = $9, message_sequence = $9, message_id = $10
    WHERE name = $1 AND owner = $2 AND tx = $3 AND position = $4
    RETURNING name, tx, position, stream, stream_sequence, message_id
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, tx, position, stream, stream_sequence, message_id)
    SELECT name, tx, position, stream, stream_sequence, message_id FROM moved
    WHERE NOT EXISTS (
      SELECT FROM outbox_checkpoint WHERE name = $1 AND noted_at > now() - interval '1 s')
  )
  SELECT count(*)::int AS moved, set_config('synchronous_commit', 'off', true) FROM moved`;

/**
 * When no checkpoint is left, it makes one for the start of the log. That one knows how old the stream's first message
 * is: when this message is gone before its time, the stream has lost its beginning.
 */
const REWIND = `
  WITH kept AS (
    SELECT tx, position, stream_sequence, message_id FROM outbox_checkpoint
    WHERE name = $1 AND stream = $3 AND stream_sequence <= $4
    ORDER BY noted_at DESC LIMIT 1
  ), gone AS (
    DELETE FROM outbox_checkpoint
    WHERE name = $1 AND (stream <> $3 OR stream_sequence > $4)
      AND EXISTS (SELECT FROM outbox_cursor AS c WHERE c.name = $1 AND c.owner = $2)
  ), moved AS (
    UPDATE outbox_cursor SET
      tx = coalesce((SELECT tx FROM kept), '0'),
      position = coalesce((SELECT position FROM kept), 0),
      stream = $3,
      stream_sequence = coalesce((SELECT stream_sequence FROM kept), 0),
      message_sequence = (SELECT stream_sequence FROM kept),
      message_id = (SELECT message_id FROM kept),
      known_gaps = $5,
      rewound_at = $6
    WHERE name = $1 AND owner = $2
    RETURNING ${CURSOR}
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, noted_at, tx, position, stream, stream_sequence)
    SELECT $1, coalesce($7, clock_timestamp()), '0', 0, $3, $8 FROM moved WHERE NOT EXISTS (SELECT FROM kept)
    ON CONFLICT DO NOTHING
  )
  SELECT * FROM moved`;

const OLDEST_SEQUENCE = `
  SELECT stream_sequence::float8 AS sequence FROM outbox_checkpoint
  WHERE name = $1 AND stream = $2 AND noted_at > now() - $3 * interval '1 ms'
  ORDER BY noted_at LIMIT 1`;

const RELEASE = `
  WITH released AS (
    UPDATE outbox_cursor SET owner = NULL, lease_until = '-infinity' WHERE name = $1 AND owner = $2 RETURNING 1
  )
  SELECT count(*) FROM released`;

/** Several statements without parameters are one transaction. No timeouts: updating the whole log may take long. */
const REBASE = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  UPDATE outbox SET tx = pg_current_xact_id();
  DELETE FROM outbox_checkpoint;
  UPDATE outbox_cursor SET tx = '0', position = 0, stream = NULL, stream_sequence = 0, message_id = NULL, known_gaps = '[]', rewound_at = 0,
    system_identifier = (SELECT system_identifier::text FROM pg_control_system())`;

const STATS = `
  WITH unread AS (
    SELECT recorded_at FROM outbox
    WHERE (tx, position) > ((SELECT tx FROM outbox_cursor WHERE name = $1),
                            (SELECT position FROM outbox_cursor WHERE name = $1))
    ORDER BY tx, position LIMIT ${PENDING_CEILING}
  )
  SELECT count(*)::int AS pending,
         coalesce(extract(epoch FROM now() - min(recorded_at)), 0)::float8 AS age
  FROM unread`;

/**
 * How far the outbox log is published: a row that holds a position, and a lease that lets one relay at a time move it.
 * See docs/adr/0004.
 */
export class OutboxCursor {
  /** The cursor row that the migration created. */
  private readonly name = 'relay';

  /**
   * @param db runs statements outside of any transaction
   * @param prepared like `db`, but with prepared statements (`preparedQueries`); moves the cursor. Default `db`
   */
  constructor(
    private readonly db: Queryable,
    private readonly prepared = db,
  ) {}

  /**
   * Takes or renews the lease on the cursor, by the clock of the database.
   *
   * @returns the cursor; undefined when another owner holds the lease
   */
  async acquire(owner: string, leaseMs: number): Promise<AcquiredCursor | undefined> {
    const [row] = await this.db.query<Row<AcquiredCursor>[]>(ACQUIRE, [this.name, owner, leaseMs]);
    return row && withoutNulls(row);
  }

  /**
   * Moves the cursor by compare-and-swap and renews the lease.
   *
   * @returns false when another owner has the lease or the cursor is not at `from`: nothing has changed
   */
  async advance(
    owner: string,
    { from, to }: { from: LogPosition; to: Checkpoint },
    leaseMs: number,
  ): Promise<boolean> {
    const positions = [from.tx, from.position, to.tx, to.position];
    const reached = [to.stream, to.streamSequence, to.messageId];
    const parameters = [this.name, owner, ...positions, leaseMs, ...reached];
    const [row] = await this.prepared.query<{ moved: number }[]>(ADVANCE, parameters);
    return row?.moved === 1;
  }

  /**
   * Moves the cursor back to the last checkpoint that the stream still holds; to the start of the log when it holds
   * none, for example because it was recreated. What the stream misses now is known from then on.
   *
   * @param intactUpTo the last sequence up to which the stream has lost nothing; -1 when no checkpoint holds
   * @returns the new cursor; undefined when another owner has the lease: nothing has changed
   */
  async rewind(owner: string, state: StreamState, intactUpTo: number): Promise<Cursor | undefined> {
    const { id, lastSequence, firstTime = null, firstSequence } = state;
    const known = [JSON.stringify(state.gaps), lastSequence, firstTime, firstSequence - 1];
    const parameters = [this.name, owner, id, intactUpTo, ...known];
    const [row] = await this.db.query<Row<Cursor>[]>(REWIND, parameters);
    return row && withoutNulls(row);
  }

  /**
   * The sequence of the oldest checkpoint in this stream that is younger than `ms`: the messages after it were published
   * later. Undefined when there is none.
   */
  async oldestSequence(stream: string, ms: number): Promise<number | undefined> {
    const parameters = [this.name, stream, Math.min(ms, LONGEST_MS)];
    const [row] = await this.db.query<{ sequence: number }[]>(OLDEST_SEQUENCE, parameters);
    return row?.sequence;
  }

  /** Releases the lease, so that another relay need not wait for its end. */
  async release(owner: string): Promise<void> {
    await this.db.query(RELEASE, [this.name, owner]);
  }

  /**
   * Call it after a restore into another cluster, where transaction ids start again. It moves every kept entry into the
   * current transaction and every cursor to the start. All kept events are then published again; inboxes ignore the
   * duplicates. This is the only update that rows ever get.
   */
  async rebase(): Promise<void> {
    await this.db.query(REBASE);
  }

  /** How many entries wait to be published, and how long the oldest has waited. */
  async stats(): Promise<OutboxStats> {
    const [row] = await this.db.query<{ pending: number; age: number }[]>(STATS, [this.name]);
    return { pending: row?.pending ?? 0, oldestAgeSeconds: row?.age ?? 0 };
  }
}

type Row<C extends Cursor> = Omit<C, 'stream' | 'messageId'> & {
  stream: string | null;
  messageId: string | null;
};

function withoutNulls<C extends Cursor>(row: Row<C>): C {
  return { ...row, stream: row.stream ?? undefined, messageId: row.messageId ?? undefined } as C;
}
