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
  /**
   * True when the log comes from another Postgres cluster: it has transaction ids that this one has not given out yet.
   * Call {@link OutboxCursor.rebase}.
   */
  readonly clusterChanged: boolean;
}

/** How far the relay lags behind the log. */
export interface OutboxStats {
  /** Entries after the cursor, which are not published yet. Counted up to {@link PENDING_CEILING}. */
  pending: number;
  /** Age of the oldest of them, in seconds; 0 when there is none. */
  oldestAgeSeconds: number;
  /** Entries among them that are committed, but visible only after an older transaction, of any client, has ended. */
  heldBack: number;
}

/** Counting stops here: the cost of the metric must not grow with the backlog. */
const PENDING_CEILING = 100_000;

/** Every transaction id that this server has given out to a committed row is below. */
const NEXT_TX = 'pg_snapshot_xmax(pg_current_snapshot())';

/** A base backup, a promoted standby and the result of pg_upgrade go on with the ids of their origin: they are no copies. */
const ACQUIRE = `
  WITH taken AS (
    UPDATE outbox_cursor SET owner = $2, lease_until = clock_timestamp() + $3 * interval '1 ms'
    WHERE name = $1 AND (owner = $2 OR owner IS NULL OR lease_until < clock_timestamp())
    RETURNING tx::text, position::text, stream, stream_sequence::float8 AS "streamSequence"
  )
  SELECT taken.*,
    greatest(tx::xid8, (SELECT outbox.tx FROM outbox ORDER BY outbox.tx DESC, outbox.position DESC LIMIT 1))
      >= ${NEXT_TX} AS "clusterChanged",
    (SELECT subname FROM pg_subscription JOIN pg_subscription_rel ON srsubid = pg_subscription.oid
      WHERE subenabled AND (srrelid = 'outbox'::regclass OR EXISTS (
        SELECT FROM pg_inherits WHERE inhrelid = srrelid AND inhparent = 'outbox'::regclass))
      LIMIT 1) AS subscription
  FROM taken`;

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

/** At the start of the log the cursor has passed nothing, whatever ids this server gives out until the log is rebased. */
const FORGET_FOREIGN_POSITION = `
  WITH forgotten AS (
    UPDATE outbox_cursor SET tx = '0', position = 0, stream = NULL, stream_sequence = 0
    WHERE name = $1 AND tx >= ${NEXT_TX}
    RETURNING name
  ), gone AS (
    DELETE FROM outbox_checkpoint WHERE name IN (SELECT name FROM forgotten)
  )
  SELECT count(*) FROM forgotten`;

/** Several statements without parameters are one transaction. No timeouts: updating the whole log may take long. */
const REBASE = `
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SELECT outbox_rebase()`;

const STATS = `
  WITH unread AS (
    SELECT tx, recorded_at FROM outbox
    WHERE (tx, position) > ((SELECT tx FROM outbox_cursor WHERE name = $1),
                            (SELECT position FROM outbox_cursor WHERE name = $1))
    ORDER BY tx, position LIMIT ${PENDING_CEILING}
  )
  SELECT count(*)::int AS pending,
         coalesce(extract(epoch FROM now() - min(recorded_at)), 0)::float8 AS age,
         count(*) FILTER (WHERE tx >= pg_snapshot_xmin(pg_current_snapshot()))::int AS "heldBack"
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
   * @throws while a logical subscription fills the log: its entries may appear before a position that the cursor has passed
   */
  async acquire(owner: string, leaseMs: number): Promise<AcquiredCursor | undefined> {
    type Row = Omit<AcquiredCursor, 'stream'> & { stream: string | null; subscription: string | null };
    const [row] = await this.db.query<Row[]>(ACQUIRE, [this.name, owner, leaseMs]);
    if (!row) return undefined;
    const { subscription, ...cursor } = row;
    if (subscription) throw new Error(stillFilled(subscription));
    return { ...cursor, stream: row.stream ?? undefined };
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
   * Call it when the log comes from another cluster, where transaction ids differ. It moves every kept entry into a
   * transaction of this cluster, in the order of their positions, and the cursor before them. All kept events are then
   * published again; inboxes ignore the duplicates. This is the only update that rows ever get.
   *
   * @throws when the log cannot be rebased: entries may stay held back, but the cursor passes none of them
   */
  async rebase(): Promise<void> {
    try {
      await this.db.query(FORGET_FOREIGN_POSITION, [this.name]);
      await this.db.query(REBASE);
      // Again, which changes nothing: the first look at the index passes all former versions of the rows, and marks them as
      // dead for the next ones. It may take longer than a statement may.
      await this.db.query(REBASE);
    } catch (cause) {
      throw new Error(
        'the log was copied from another Postgres cluster and cannot be rebased: see docs/runbooks/restore.md',
        { cause },
      );
    }
  }

  /** How many entries wait to be published, and how long the oldest has waited. */
  async stats(): Promise<OutboxStats> {
    type Row = { pending: number; age: number; heldBack: number };
    const [row] = await this.db.query<Row[]>(STATS, [this.name]);
    return { pending: row?.pending ?? 0, oldestAgeSeconds: row?.age ?? 0, heldBack: row?.heldBack ?? 0 };
  }
}

function stillFilled(subscription: string): string {
  return `subscription "${subscription}" still fills the log: drop it once it has received everything (docs/runbooks/upgrade-postgres.md)`;
}
