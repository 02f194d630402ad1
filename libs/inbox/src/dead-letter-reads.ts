import type { Message } from '@orders/messaging';
import type { Queryable } from '@orders/postgres';

/** `waiting` for somebody to decide, or settled. */
export type DeadLetterState = 'waiting' | 'redriven' | 'discarded';

/** An event that a consumer could not take, as it came. */
export interface DeadLetter {
  /** 64-bit, hence text. */
  readonly id: string;
  readonly consumer: string;
  readonly address: string;
  readonly message: Message;
  /** Of the last try. */
  readonly error: string;
  /** Deliveries plus redrives. */
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly createdAt: Date;
}

/** Letters that wait for the same reason. */
export interface DeadLetterGroup {
  readonly consumer: string;
  readonly error: string;
  /** The `dataschema` of the events; empty when they name none. */
  readonly dataschema: string;
  readonly letters: number;
  readonly oldestId: string;
  readonly oldest: Date;
  readonly newest: Date;
}

/** Which waiting letters; all conditions hold together, none = all. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[];
  readonly consumer?: string;
  /** A part of the error's text, in any case. */
  readonly error?: string;
}

/** One thing done to a letter by hand. */
export interface AuditEntry {
  readonly at: Date;
  readonly operator: string;
  readonly action: 'redrive' | 'discard';
  readonly result: 'applied' | 'duplicate' | 'failed' | 'discarded';
  /** The error of a failed redrive, the reason of a discard. */
  readonly detail: string;
}

const GROUPS = `
  SELECT consumer, error, coalesce(headers->>'ce-dataschema', '') AS dataschema, count(*)::int AS letters,
         min(id)::text AS "oldestId", min(created_at) AS oldest, max(created_at) AS newest
  FROM dead_letter WHERE state = 'waiting'
  GROUP BY 1, 2, 3 ORDER BY letters DESC, min(id)`;

const COLUMNS = `id::text, consumer, address, event_id, subject, headers, body, error, attempts, state, created_at`;

const SELECT_IDS = `
  SELECT id::text FROM dead_letter
  WHERE state = 'waiting' AND ($1::bigint[] IS NULL OR id = ANY ($1::bigint[]))
    AND ($2::text IS NULL OR consumer = $2) AND ($3::text IS NULL OR strpos(lower(error), lower($3)) > 0)
  ORDER BY dead_letter.id -- the number, not the text selected above`;

const AUDIT = `
  SELECT at, operator, action, result, detail FROM dead_letter_audit WHERE letter_id = $1 ORDER BY id`;

/** The waiting letters by consumer, error and schema version, the largest group first. */
export function groupDeadLetters(db: Queryable): Promise<DeadLetterGroup[]> {
  return db.query<DeadLetterGroup[]>(GROUPS);
}

/** The ids of the waiting letters that a filter takes, oldest first. */
export async function selectDeadLetters(db: Queryable, filter: DeadLetterFilter): Promise<string[]> {
  const parameters = [filter.ids ?? null, filter.consumer ?? null, filter.error ?? null];
  return (await db.query<{ id: string }[]>(SELECT_IDS, parameters)).map(({ id }) => id);
}

/** One letter, in whatever state. */
export async function findDeadLetter(db: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await db.query<Row[]>(`SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`, [id]);
  return row && toLetter(row);
}

/** What was done to a letter by hand, oldest first. */
export function auditOf(db: Queryable, id: string): Promise<AuditEntry[]> {
  return db.query<AuditEntry[]>(AUDIT, [id]);
}

/** Locks a waiting letter for the transaction; undefined when it is settled or in somebody else's hands. */
export async function lockDeadLetter(tx: Queryable, id: string): Promise<DeadLetter | undefined> {
  const [row] = await tx.query<Row[]>(
    `SELECT ${COLUMNS} FROM dead_letter WHERE id = $1 AND state = 'waiting' FOR UPDATE SKIP LOCKED`,
    [id],
  );
  return row && toLetter(row);
}

interface Row extends Omit<DeadLetter, 'message' | 'createdAt'> {
  event_id: string;
  subject: string;
  headers: Record<string, string>;
  body: Buffer;
  created_at: Date;
}

function toLetter({ event_id, subject, headers, body, created_at, ...rest }: Row): DeadLetter {
  return {
    ...rest,
    message: { id: event_id, subject, headers, body: body.toString() },
    createdAt: created_at,
  };
}
