import type { Deadline } from '@orders/resilience';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { STATEMENT_TIMEOUT_MS } from './postgres.js';
import { preparing } from './preparing.js';
import { assertAwaited } from './too-late.js';

export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
  /** As {@link preparing} does, on its conditions. Default false. */
  readonly prepared?: boolean;
}

/**
 * Runs one statement in a transaction of its own. While more is left than any statement may take, that is one round
 * trip, and Postgres itself ends it in time; else as {@link transactionWithin}.
 *
 * @throws what the database throws; deadline-exceeded, when the deadline is over before it begins
 */
export function statementWithin<Rows>(
  db: DataSource,
  deadline: Deadline,
  { sql, parameters, prepared = false }: Statement,
): Promise<Rows> {
  return onConnection(db, deadline, (lent) => {
    const query = async () =>
      prepared
        ? preparing(lent.client).query<Rows>(sql, parameters)
        : ((await lent.client.query(sql, parameters)).rows as Rows);
    return deadline.remainingMs > STATEMENT_TIMEOUT_MS ? query() : inTransaction(lent, deadline, query);
  });
}

/**
 * Runs `work` in a transaction that is committed only while somebody waits for it: no statement runs longer than what
 * is left of the deadline, and when it is over before COMMIT is sent there is a rollback. One round trip more than
 * without a deadline.
 *
 * @throws what `work` or the database throws; deadline-exceeded, when the deadline is over before it begins or commits
 */
export function transactionWithin<T>(
  db: DataSource,
  deadline: Deadline,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  return onConnection(db, deadline, (lent) => inTransaction(lent, deadline, () => work(lent.runner.manager)));
}

/**
 * Runs `reads` for as long as somebody waits for what they find, outside of a transaction: each statement runs until the
 * signal of the deadline aborts, and {@link STATEMENT_TIMEOUT_MS} at most.
 *
 * @throws what `reads` or the database throws; deadline-exceeded, when the deadline is over before they begin
 */
export function readWithin<T>(
  db: DataSource,
  deadline: Deadline,
  reads: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return onConnection(db, deadline, ({ runner }) => reads(runner.manager));
}

/** A connection of the pool while a call has it. */
interface Lent {
  readonly runner: QueryRunner;
  /** The runner's own connection. */
  readonly client: PoolClient;
  /** Resolves when no cancellation can hit the next statement. */
  readonly calm: () => Promise<unknown>;
}

async function inTransaction<T>(
  { runner, calm }: Lent,
  deadline: Deadline,
  work: () => Promise<T>,
): Promise<T> {
  await runner.startTransaction();
  try {
    // 0 would mean without limit.
    const leftMs = Math.max(1, Math.min(STATEMENT_TIMEOUT_MS, Math.floor(deadline.remainingMs)));
    await runner.query(`SET LOCAL statement_timeout = ${leftMs}`);
    const result = await work();
    assertAwaited(deadline);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await calm();
    // It fails only when the connection is gone, and the transaction with it.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** Lends `work` a connection; what runs on it is cancelled when nobody waits for it any more. */
async function onConnection<T>(
  db: DataSource,
  deadline: Deadline,
  work: (lent: Lent) => Promise<T>,
): Promise<T> {
  assertAwaited(deadline);
  const runner = db.createQueryRunner();
  try {
    const client = (await runner.connect()) as PoolClient & { processID: number };
    // It may have taken a while.
    assertAwaited(deadline);
    const cancellation = new Cancellation(db, client.processID);
    const cancel = () => void cancellation.send();
    deadline.signal.addEventListener('abort', cancel, { once: true });
    const calm = () => cancellation.calm();
    const over = () => deadline.signal.removeEventListener('abort', cancel);
    return await work({ runner, client, calm }).finally(over).finally(calm);
  } finally {
    await runner.release();
  }
}

/** Ends what a connection works on. */
class Cancellation {
  private isOver = false;
  private sent: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly db: DataSource,
    private readonly processId: number,
  ) {}

  /** When this fails, the statement ends by its timeout. */
  async send(): Promise<void> {
    const runner = this.db.createQueryRunner();
    try {
      await runner.connect();
      if (this.isOver) return;
      this.sent = runner.query('SELECT pg_cancel_backend($1)', [this.processId]).catch(() => undefined);
      await this.sent;
    } catch {
      // No connection in time.
    } finally {
      await runner.release();
    }
  }

  /**
   * Nothing is sent from now on; resolves when nothing is on its way either. One that has no connection yet is not waited
   * for: while all are lent, it may be this one that it needs.
   */
  calm(): Promise<unknown> {
    this.isOver = true;
    return this.sent;
  }
}
