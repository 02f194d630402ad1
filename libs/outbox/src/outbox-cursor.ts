import type { Queryable } from '@orders/postgres';
import type { Place } from './outbox-log.js';

/** A place, and that everything at or before it is in the stream up to a sequence. */
export interface Cursor extends Place {
  /** Which stream; undefined before the first contact. */
  readonly stream: string | undefined;
  /** The highest sequence that the stream gave to any of it. */
  readonly streamSequence: number;
}

/** How far the relay is behind. */
export interface OutboxStats {
  /** Entries behind the cursor that are not published yet, counted up to {@link PENDING_CEILING}. */
  pending: number;
  /** Age of the oldest of them in seconds; 0 when there is none. */
  oldestAgeSeconds: number;
}

/** Counting stops here: a metric must not cost more the worse things are. */
const PENDING_CEILING = 100_000;

const ACQUIRE = `
  WITH taken AS (
    UPDATE outbox_cursor SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE name = $1 AND (owner = $2 OR owner IS NULL OR lease_until < clock_timestamp())
    RETURNING tx::text, position::text, stream, stream_sequence::float8 AS "streamSequence", system_identifier
  )
  SELECT tx, position, stream, "streamSequence", taken.system_identifier <> here.system_identifier::text AS moved
  FROM taken, pg_control_system() AS here`;

/** Without waiting for the disk: a cursor that a crash takes back makes the stream see known ids again, no more. */
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

/** Several statements without parameters are one transaction; the whole log may take longer than a call may. */
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
 * How far the outbox log is published: a row with a place, and with a lease that lets one relay at a time move it.
 * See docs/adr/0004.
 */
export class OutboxCursor {
  /** The cursor that the migration made. */
  private readonly name = 'relay';

  /**
   * @param db runs outside of any transaction
   * @param prepared as `db`, but prepares what it is asked (`preparedQueries`): for the move of the cursor
   */
  constructor(
    private readonly db: Queryable,
    private readonly prepared = db,
  ) {}

  /**
   * Takes or prolongs the lease on the cursor, by the database's clock.
   *
   * @returns where the cursor stands, and whether the log came from another cluster since ({@link rebase});
   *   undefined when somebody else holds the lease
   */
  async acquire(owner: string, leaseMs: number): Promise<(Cursor & { moved: boolean }) | undefined> {
    type Row = Omit<Cursor, 'stream'> & { stream: string | null; moved: boolean };
    const [row] = await this.db.query<Row[]>(ACQUIRE, [this.name, owner, leaseMs]);
    return row && { ...row, stream: row.stream ?? undefined };
  }

  /**
   * Moves the cursor by compare-and-swap and prolongs the lease.
   *
   * @returns false when the lease or the cursor is somebody else's by now: nothing was moved
   */
  async advance(owner: string, { from, to }: { from: Place; to: Cursor }, leaseMs: number): Promise<boolean> {
    const places = [from.tx, from.position, to.tx, to.position];
    const parameters = [this.name, owner, ...places, leaseMs, to.stream, to.streamSequence];
    const [row] = await this.prepared.query<{ moved: number }[]>(ADVANCE, parameters);
    return row?.moved === 1;
  }

  /**
   * Takes the cursor back to the last place of which all is still in `stream`, which ends at `lastSequence`; to the
   * very beginning of the log when there is none, as with a stream that was made anew.
   *
   * @returns the place; undefined when the lease is somebody else's by now: nothing was moved
   */
  async rewind(owner: string, stream: string, lastSequence: number): Promise<Place | undefined> {
    const [row] = await this.db.query<Place[]>(REWIND, [this.name, owner, stream, lastSequence]);
    return row;
  }

  /** Gives the lease back, so that another relay need not wait for it to run out. */
  async release(owner: string): Promise<void> {
    await this.db.query(RELEASE, [this.name, owner]);
  }

  /**
   * After a restore into another cluster, where transaction ids start anew: puts every kept entry into the present
   * transaction and all cursors before it. All kept events are published again, which inboxes absorb. The only update
   * that rows ever see.
   */
  async rebase(): Promise<void> {
    await this.db.query(REBASE);
  }

  /** How many entries wait to be published, and for how long. */
  async stats(): Promise<OutboxStats> {
    const [row] = await this.db.query<{ pending: number; age: number }[]>(STATS, [this.name]);
    return { pending: row?.pending ?? 0, oldestAgeSeconds: row?.age ?? 0 };
  }
}
