import type { Queryable } from '@orders/postgres';
import type { LogPosition } from './outbox-log.js';

/** A position in the log. The stream holds everything up to it, at sequences up to `streamSequence`. */
export interface Cursor extends LogPosition {
  /** The id of the stream; undefined before the first contact with it. */
  readonly stream: string | undefined;
  /** The highest sequence that the stream assigned to these entries. */
  readonly streamSequence: number;
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

/** Counting stops here: the cost of the metric must not grow with the backlog. */
const PENDING_CEILING = 100_000;

const ACQUIRE = `
  WITH taken AS (
    UPDATE outbox_cursor SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE name = $1 AND (owner = $2 OR owner IS NULL OR lease_until < clock_timestamp())
    RETURNING tx::text, position::text, stream, stream_sequence::float8 AS "streamSequence", system_identifier
  )
  SELECT tx, position, stream, "streamSequence", taken.system_identifier <> here.system_identifier::text AS "clusterChanged"
  FROM taken, pg_control_system() AS here`;

/** Does not wait for the disk: when a crash sets the cursor back, the stream only gets known ids again. */
const ADVANCE = `
  WITH moved AS (
    UPDATE outbox_cursor
    SET tx = $5, position = $6, lease_until = clock_timestamp() + $7 * interval '1 ms',
        stream = $8, stream_sequence = $9
    WHERE name = $1 AND owner = $2 AND tx = $3 AND position = $4
    RETURNING name, tx, position, stream, stream_sequence
  ), noted AS (
    INSERT INTO outbox_checkpoint (name, tx, position, stream, stream_sequence)
    SELECT name, tx, position, stream, stream_sequence FROM moved
    WHERE NOT EXISTS (
      SELECT FROM outbox_checkpoint WHERE name = $1 AND noted_at > now() - interval '1 s')
  )
  SELECT count(*)::int AS moved, set_config('synchronous_commit', 'off', true) FROM moved`;

const REWIND = `
  WITH kept AS (
    SELECT tx, position, stream_sequence FROM outbox_checkpoint
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
      stream_sequence = coalesce((SELECT stream_sequence FROM kept), 0)
    WHERE name = $1 AND owner = $2
    RETURNING tx::text, position::text
  )
  SELECT tx, position FROM moved`;

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
  UPDATE outbox_cursor SET tx = '0', position = 0, stream = NULL, stream_sequence = 0,
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
    type Row = Omit<AcquiredCursor, 'stream'> & { stream: string | null };
    const [row] = await this.db.query<Row[]>(ACQUIRE, [this.name, owner, leaseMs]);
    return row && { ...row, stream: row.stream ?? undefined };
  }

  /**
   * Moves the cursor by compare-and-swap and renews the lease.
   *
   * @returns false when another owner has the lease or the cursor is not at `from`: nothing has changed
   */
  async advance(
    owner: string,
    { from, to }: { from: LogPosition; to: Cursor },
    leaseMs: number,
  ): Promise<boolean> {
    const positions = [from.tx, from.position, to.tx, to.position];
    const parameters = [this.name, owner, ...positions, leaseMs, to.stream, to.streamSequence];
    const [row] = await this.prepared.query<{ moved: number }[]>(ADVANCE, parameters);
    return row?.moved === 1;
  }

  /**
   * Moves the cursor back to the last checkpoint that `stream` still holds; to the start of the log when it holds none,
   * for example because it was recreated.
   *
   * @param intactUpTo the last sequence up to which the stream has lost nothing
   * @returns the new position; undefined when another owner has the lease: nothing has changed
   */
  async rewind(owner: string, stream: string, intactUpTo: number): Promise<LogPosition | undefined> {
    const [row] = await this.db.query<LogPosition[]>(REWIND, [this.name, owner, stream, intactUpTo]);
    return row;
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
