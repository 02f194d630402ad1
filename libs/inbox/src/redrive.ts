import { SpanKind } from '@opentelemetry/api';
import { tracingIsOn, withSpan } from '@orders/instrumentation';
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
 * The result of redriving a dead letter:
 * - `applied`: its event has taken effect now.
 * - `duplicate`: its event had already taken effect; the dead letter is settled all the same.
 * - `failed`: its event still fails; the dead letter keeps waiting, with the new error.
 * - `skipped`: it is not waiting, or another operator is working on it; nothing was done.
 */
export type RedriveOutcome = { readonly result: 'skipped' } | AttemptOutcome;

type AttemptOutcome =
  { readonly result: 'applied' | 'duplicate' } | { readonly result: 'failed'; readonly error: string };

export interface RedriveOptions {
  readonly db: TransactionRunner;
  /** The handlers of each consumer of the app, by the consumer's name. */
  readonly consumers: ReadonlyMap<string, InboxHandlers>;
  /** Who redrives, for the audit. */
  readonly operator: string;
  /** True = apply it as usual, then roll everything back. */
  readonly dryRun: boolean;
}

const UPDATE = `
  WITH settled AS (
    UPDATE dead_letter SET state = $2, error = coalesce($3, error), attempts = attempts + $4 WHERE id = $1
  )
  INSERT INTO dead_letter_audit (operator, action, letter_id, consumer, event_id, result, detail)
  SELECT $5, $6, id, consumer, event_id, $7, $8 FROM dead_letter WHERE id = $1
  RETURNING id`;

/**
 * Applies a waiting dead letter again, for the consumer that failed and through its inbox. The effect, the inbox
 * entry, the new state and the audit entry are one transaction. When two operators redrive the same dead letter at
 * once, one of them skips it.
 *
 * @throws what the database threw when the error is transient (unreachable, busy): the dead letter is unchanged
 */
export async function redrive(id: string, options: RedriveOptions): Promise<RedriveOutcome> {
  try {
    return await options.db.transaction(async (tx) => {
      const deadLetter = await lockDeadLetter(tx, id);
      if (!deadLetter) return { result: 'skipped' };
      const outcome = await inRedriveSpan(deadLetter, () => attempt(tx, deadLetter, options.consumers));
      if (options.dryRun) throw new DryRunRollback(outcome);
      await update(tx, deadLetter, changeAfter(outcome, options.operator));
      return outcome;
    });
  } catch (error) {
    if (error instanceof DryRunRollback) return error.outcome;
    throw error;
  }
}

/**
 * Settles a waiting dead letter without effect.
 *
 * @param decision who discards, and the reason; both are recorded in the audit
 * @returns false when it is not waiting or another operator is working on it: nothing was done
 */
export function discard(
  db: TransactionRunner,
  id: string,
  { operator, reason }: { operator: string; reason: string },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const deadLetter = await lockDeadLetter(tx, id);
    if (!deadLetter) return false;
    const entry = { operator, action: 'discard', result: 'discarded', detail: reason } as const;
    await update(tx, deadLetter, { state: 'discarded', error: null, attempts: 0, entry });
    return true;
  });
}

/** Rolls the transaction of a dry run back, and carries its outcome. */
class DryRunRollback extends Error {
  constructor(readonly outcome: RedriveOutcome) {
    super('dry run');
  }
}

/** Runs an attempt in a span below the operator's request, linked to the trace of the event. */
function inRedriveSpan<T>({ consumer, message }: DeadLetter, work: () => Promise<T>): Promise<T> {
  if (!tracingIsOn()) return work();
  const { traceparent } = message.headers;
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': consumer,
    'messaging.message.id': message.id,
  };
  const links = traceparent === undefined ? [] : [traceparent];
  return withSpan(`redrive ${message.subject}`, { kind: SpanKind.CONSUMER, links, attributes }, work);
}

async function attempt(
  tx: Queryable,
  { consumer, message }: DeadLetter,
  consumers: RedriveOptions['consumers'],
): Promise<AttemptOutcome> {
  await tx.query('SAVEPOINT redrive');
  try {
    const handlers = consumers.get(consumer);
    if (!handlers) throw new PermanentError(`this app has no consumer ${consumer}`);
    const { events } = await handlers.apply(tx, [handlers.read(message)]);
    // Checks deferred constraints now: at the commit they would roll back the record of the failure too.
    await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
    return { result: events.length > 0 ? 'applied' : 'duplicate' };
  } catch (error) {
    if (classifyFailure(error) === 'transient') throw error;
    await tx.query('ROLLBACK TO SAVEPOINT redrive');
    return { result: 'failed', error: describeError(error) };
  }
}

/** How a dead letter changes. */
interface Change {
  readonly state: DeadLetterState;
  /** null keeps the stored error. */
  readonly error: string | null;
  /** Added to the stored number. */
  readonly attempts: number;
  readonly entry: Omit<AuditEntry, 'at'>;
}

function changeAfter(outcome: AttemptOutcome, operator: string): Change {
  const action = 'redrive';
  if (outcome.result === 'failed') {
    const { error, result } = outcome;
    return { state: 'waiting', error, attempts: 1, entry: { operator, action, result, detail: error } };
  }
  const entry = { operator, action, result: outcome.result, detail: '' } as const;
  return { state: 'redriven', error: null, attempts: 1, entry };
}

async function update(tx: Queryable, { id }: DeadLetter, { state, error, attempts, entry }: Change) {
  const { operator, action, result, detail } = entry;
  await tx.query(UPDATE, [id, state, error, attempts, operator, action, result, detail]);
}
