import type { SequenceRange, StreamState } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';
import {
  ACQUIRE,
  ADVANCE,
  FORGET_FOREIGN_POSITION,
  OLDEST_SEQUENCE,
  REBASE,
  RELEASE,
  REWIND,
  STATS,
} from './outbox-cursor-statements.js';
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
  /**
   * True when the log comes from another Postgres cluster: it has transaction ids that this one has not given out yet.
   * Call {@link OutboxCursor.rebase}.
   */
  readonly clusterChanged: boolean;
}

/** How far the relay lags behind the log. */
export interface OutboxStats {
  /** Entries after the cursor, which are not published yet. Counted up to 100 000. */
  pending: number;
  /** Age of the oldest of them, in seconds; 0 when there is none. */
  oldestAgeSeconds: number;
  /** Entries among them that are committed, but visible only after an older transaction, of any client, has ended. */
  heldBack: number;
}

/** 100 years: older than any checkpoint, and in the range of timestamps. */
const LONGEST_MS = 100 * 365 * 24 * 60 * 60 * 1_000;

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
    type Acquired = AcquiredCursor & { subscription: string | null };
    const [row] = await this.db.query<Row<Acquired>[]>(ACQUIRE, [this.name, owner, leaseMs]);
    if (!row) return undefined;
    const { subscription, ...cursor } = row;
    if (subscription) throw new Error(stillFilled(subscription));
    return withoutNulls<AcquiredCursor>(cursor);
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

type Row<C extends Cursor> = Omit<C, 'stream' | 'messageId'> & {
  stream: string | null;
  messageId: string | null;
};

function withoutNulls<C extends Cursor>(row: Row<C>): C {
  return { ...row, stream: row.stream ?? undefined, messageId: row.messageId ?? undefined } as C;
}

function stillFilled(subscription: string): string {
  return `subscription "${subscription}" still fills the log: drop it once it has received everything (docs/runbooks/upgrade-postgres.md)`;
}
