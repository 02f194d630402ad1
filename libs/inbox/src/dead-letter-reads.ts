import type { Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

/** `waiting` for the decision of an operator; `redriven` and `discarded` are final. */
export type DeadLetterState = 'waiting' | 'redriven' | 'discarded';

/** An event that a consumer could not process, as received. */
export interface DeadLetter {
  /** 64-bit, hence text. */
  readonly id: string;
  readonly consumer: string;
  readonly address: string;
  readonly message: Message;
  /** The error of the last attempt. */
  readonly error: string;
  /** Deliveries plus redrives. */
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly createdAt: Date;
}

/** Waiting dead letters with the same consumer, error and schema version. */
export interface DeadLetterGroup {
  readonly consumer: string;
  readonly error: string;
  /** The `dataschema` of the events; empty when they have none. */
  readonly dataschema: string;
  readonly count: number;
  readonly oldestId: string;
  readonly oldest: Date;
  readonly newest: Date;
}

/** Selects waiting dead letters that meet all given conditions; without conditions all of them. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly consumer?: string;
  /** A part of the error's text, in upper or lower case. */
  readonly error?: string;
}

/** One action of an operator on a dead letter. */
export interface AuditEntry {
  readonly at: Date;
  readonly operator: string;
  readonly action: 'redrive' | 'discard';
  readonly result: 'applied' | 'duplicate' | 'failed' | 'discarded';
  /** The error of a failed redrive, the reason of a discard. */
  readonly detail: string;
}

const GROUPS = `
  SELECT consumer, error, coalesce(headers->>'ce-dataschema', '') AS dataschema, count(*)::int AS count,
         min(id)::text AS "oldestId", min(created_at) AS oldest, max(created_at) AS newest
  FROM dead_letter WHERE state = 'waiting'
  GROUP BY 1, 2, 3 ORDER BY count DESC, min(id)`;

/** A group as the page of operators shows it. */
export interface WaitingGroup extends Pick<
  DeadLetterGroup,
  'error' | 'dataschema' | 'count' | 'oldest' | 'newest'
> {
  /** The oldest ones, oldest first, at most 100. */
  readonly ids: readonly string[];
}

/** Most waiting dead letters that are looked at for the groups of one consumer. */
const MOST_GROUPED = 10_000;

const WAITING_GROUPS = `
  SELECT error, dataschema, count(*)::int AS count, (array_agg(id::text ORDER BY id))[1:100] AS ids,
         min(created_at) AS oldest, max(created_at) AS newest, sum(count(*)) OVER ()::int AS total
  FROM (
    SELECT id, error, left(coalesce(headers->>'ce-dataschema', ''), 512) AS dataschema, created_at
    FROM dead_letter WHERE state = 'waiting' AND consumer = $1 ORDER BY dead_letter.id LIMIT $2
  ) AS waiting
  GROUP BY 1, 2 ORDER BY count DESC, min(id) LIMIT 100`;

const COLUMNS = `id::text, consumer, address, event_id, subject, headers, body, error, attempts, state, created_at`;

const SELECT_IDS = `
  SELECT id::text FROM dead_letter
  WHERE state = 'waiting' AND ($1::bigint[] IS NULL OR id = ANY ($1::bigint[]))
    AND ($2::text IS NULL OR consumer = $2) AND ($3::text IS NULL OR strpos(lower(error), lower($3)) > 0)
  ORDER BY dead_letter.id -- the number, not the text selected above`;

const AUDIT = `
  SELECT at, operator, action, result, detail FROM dead_letter_audit WHERE letter_id = $1 ORDER BY id`;

/** The waiting dead letters, grouped by consumer, error and schema version, the largest group first. */
export function groupDeadLetters(db: Queryable): Promise<DeadLetterGroup[]> {
  return db.query<DeadLetterGroup[]>(GROUPS);
}

/**
 * The waiting dead letters of a consumer by error and schema version, the largest group first, at most 100 groups. Of more
 * than 10,000 that wait the oldest 10,000 are looked at.
 */
export async function waitingGroups(
  db: Queryable,
  consumer: string,
): Promise<{ groups: WaitingGroup[]; isTruncated: boolean }> {
  const rows = await db.query<(WaitingGroup & { total: number })[]>(WAITING_GROUPS, [
    consumer,
    MOST_GROUPED + 1,
  ]);
  const groups = rows.map(({ total: _, ...group }) => group);
  return { groups, isTruncated: (rows[0]?.total ?? 0) > MOST_GROUPED };
}

/** The ids of the waiting dead letters that a filter selects, oldest first. */
export async function selectDeadLetters(db: Queryable, filter: DeadLetterFilter): Promise<string[]> {
  const parameters = [filter.ids ?? null, filter.consumer ?? null, filter.error ?? null];
  return (await db.query<{ id: string }[]>(SELECT_IDS, parameters)).map(({ id }) => id);
}

/** The dead letter with this id, in any state; undefined when there is none. */
export async function findDeadLetter(db: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await db.query<Row[]>(`SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`, [id]);
  return row && toDeadLetter(row);
}

/** The actions of operators on a dead letter, oldest first. */
export function auditOf(db: Queryable, id: string): Promise<AuditEntry[]> {
  return db.query<AuditEntry[]>(AUDIT, [id]);
}

/**
 * Locks a waiting dead letter until the transaction ends; undefined when it is not waiting or another transaction has
 * locked it.
 */
export async function lockDeadLetter(tx: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await tx.query<Row[]>(
    `SELECT ${COLUMNS} FROM dead_letter WHERE id = $1 AND state = 'waiting' FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return row && toDeadLetter(row);
}

interface Row extends Omit<DeadLetter, 'message' | 'createdAt'> {
  event_id: string;
  subject: string;
  headers: Record<string, string>;
  body: Buffer;
  created_at: Date;
}

function toDeadLetter({ event_id, subject, headers, body, created_at, ...rest }: Row): DeadLetter {
  return {
    ...rest,
    message: { id: event_id, subject, headers, body: body.toString() },
    createdAt: created_at,
  };
}
