import type { Queryable, TransactionRunner } from '@orders/postgres';
import {
  type AuditEntry,
  type DeadLetter,
  type DeadLetterState,
  lockDeadLetter,
} from './dead-letter-reads.js';
import { describeError } from './dead-letters.js';
import { classifyFailure, PermanentError } from './failure.js';
import type { InboxHandlers } from './inbox-handlers.js';

/**
 * What became of a letter:
 * - `applied`: its event took effect now;
 * - `duplicate`: it had taken effect meanwhile; settled all the same;
 * - `failed`: it still takes none and waits on, with its new error;
 * - `skipped`: it is settled, or in somebody else's hands at this moment; nothing was done.
 */
export type RedriveOutcome = { readonly result: 'skipped' } | Tried;

type Tried =
  { readonly result: 'applied' | 'duplicate' } | { readonly result: 'failed'; readonly error: string };

export interface RedriveOptions {
  readonly db: TransactionRunner;
  /** What each consumer of the app does with events. */
  readonly consumers: ReadonlyMap<string, InboxHandlers>;
  /** Who does it, for the audit. */
  readonly operator: string;
  /** Tries it for real and rolls everything back. */
  readonly dryRun: boolean;
}

const SETTLE = `
  WITH settled AS (
    UPDATE dead_letter SET state = $2, error = coalesce($3, error), attempts = attempts + $4 WHERE id = $1
  )
  INSERT INTO dead_letter_audit (operator, action, letter_id, consumer, event_id, result, detail)
  SELECT $5, $6, id, consumer, event_id, $7, $8 FROM dead_letter WHERE id = $1
  RETURNING id`;

/**
 * Applies a waiting letter again, for the consumer that failed and through its inbox: effect, inbox entry, mark and
 * audit are one transaction. Two that redrive one letter at once: one does, the other skips it.
 *
 * @throws what the database threw when the failure is of the moment (away, busy): the letter is as it was
 */
export async function redrive(id: string, options: RedriveOptions): Promise<RedriveOutcome> {
  try {
    return await options.db.transaction(async (tx) => {
      const letter = await lockDeadLetter(tx, id);
      if (!letter) return { result: 'skipped' };
      const outcome = await attempt(tx, letter, options.consumers);
      if (options.dryRun) throw new RolledBack(outcome);
      await settle(tx, letter, redriveMark(outcome, options.operator));
      return outcome;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.outcome;
    throw error;
  }
}

/**
 * Settles a waiting letter without effect.
 *
 * @param decision the reason is kept in the audit
 * @returns false when it is settled or in somebody else's hands: nothing was done
 */
export function discard(
  db: TransactionRunner,
  id: string,
  { operator, reason }: { operator: string; reason: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const letter = await lockDeadLetter(tx, id);
    if (!letter) return false;
    const entry = { operator, action: 'discard', result: 'discarded', detail: reason } as const;
    await settle(tx, letter, { state: 'discarded', error: null, attempts: 0, entry });
    return true;
  });
}

/** Leaves the transaction without a trace, and tells what would have been. */
class RolledBack extends Error {
  constructor(readonly outcome: RedriveOutcome) {
    super('dry run');
  }
}

async function attempt(
  tx: Queryable,
  { consumer, message }: DeadLetter,
  consumers: RedriveOptions['consumers'],
): Promise<Tried> {
  await tx.query('SAVEPOINT redrive');
  try {
    const handlers = consumers.get(consumer);
    if (!handlers) throw new PermanentError(`this app has no consumer ${consumer}`);
    const { events } = await handlers.apply(tx, [handlers.read(message)]);
    // What is checked at the commit is checked here, where it fails this letter and not its record.
    await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
    return { result: events.length > 0 ? 'applied' : 'duplicate' };
  } catch (error) {
    if (classifyFailure(error) === 'transient') throw error;
    await tx.query('ROLLBACK TO SAVEPOINT redrive');
    return { result: 'failed', error: describeError(error) };
  }
}

interface Mark {
  readonly state: DeadLetterState;
  /** null keeps the one that is there. */
  readonly error: string | null;
  readonly attempts: number;
  readonly entry: Omit<AuditEntry, 'at'>;
}

function redriveMark(outcome: Tried, operator: string): Mark {
  const action = 'redrive';
  if (outcome.result === 'failed') {
    const { error, result } = outcome;
    return { state: 'waiting', error, attempts: 1, entry: { operator, action, result, detail: error } };
  }
  const entry = { operator, action, result: outcome.result, detail: '' } as const;
  return { state: 'redriven', error: null, attempts: 1, entry };
}

async function settle(tx: Queryable, { id }: DeadLetter, { state, error, attempts, entry }: Mark) {
  const { operator, action, result, detail } = entry;
  await tx.query(SETTLE, [id, state, error, attempts, operator, action, result, detail]);
}
