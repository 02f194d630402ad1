import type { Deadline } from '@orders/resilience';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { STATEMENT_TIMEOUT_MS } from './postgres.js';
import { withPreparedStatements } from './prepared-statements.js';
import { assertNotOver } from './deadline-exceeded.js';

export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
  /** Whether to prepare it; see the conditions of {@link withPreparedStatements}. Default false. */
  readonly prepared?: boolean;
}

/**
 * Runs one statement in a transaction of its own. While more time is left than `statement_timeout`, which ends it in time,
 * that takes one round trip; otherwise it runs as {@link transactionWithin} does.
 *
 * @throws what the database throws; deadline-exceeded, when the deadline is over before the statement begins
 */
export function statementWithin<Rows>(
  db: DataSource,
  deadline: Deadline,
  { sql, parameters, prepared = false }: Statement,
): Promise<Rows> {
  return withConnection(db, deadline, (lent) => {
    const query = async () =>
      prepared
        ? withPreparedStatements(lent.client).query<Rows>(sql, parameters)
        : ((await lent.client.query(sql, parameters)).rows as Rows);
    return deadline.remainingMs > STATEMENT_TIMEOUT_MS ? query() : inTransaction(lent, deadline, query);
  });
}

/**
 * Runs `work` in a transaction with a deadline. A statement is cancelled when the signal of the deadline aborts, and after
 * the time that was left at BEGIN, {@link STATEMENT_TIMEOUT_MS} at most. When the deadline is over before COMMIT is sent,
 * the transaction is rolled back. Costs one round trip more than without a deadline.
 *
 * @throws what `work` or the database throws; deadline-exceeded, when the deadline is over before BEGIN or COMMIT
 */
export function transactionWithin<T>(
  db: DataSource,
  deadline: Deadline,
  work: (tx: EntityManager) => Promise<T>,
): Promise<T> {
  return withConnection(db, deadline, (lent) =>
    inTransaction(lent, deadline, () => work(lent.runner.manager)),
  );
}

/**
 * Runs `reads` outside of a transaction. A statement is cancelled when the signal of the deadline aborts, and after
 * {@link STATEMENT_TIMEOUT_MS}.
 *
 * @throws what `reads` or the database throws; deadline-exceeded, when the deadline is over before `reads` begin
 */
export function readWithin<T>(
  db: DataSource,
  deadline: Deadline,
  reads: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return withConnection(db, deadline, ({ runner }) => reads(runner.manager));
}

/** A connection of the pool while a call uses it. */
interface LentConnection {
  readonly runner: QueryRunner;
  /** The connection of `runner`. */
  readonly client: PoolClient;
  /** Resolves when no cancellation can hit the next statement. */
  readonly cancellationSettled: () => Promise<unknown>;
}

async function inTransaction<T>(
  { runner, cancellationSettled }: LentConnection,
  deadline: Deadline,
  work: () => Promise<T>,
): Promise<T> {
  await runner.startTransaction();
  try {
    // 0 would mean no limit.
    const leftMs = Math.max(1, Math.min(STATEMENT_TIMEOUT_MS, Math.floor(deadline.remainingMs)));
    await runner.query(`SET LOCAL statement_timeout = ${leftMs}`);
    const result = await work();
    assertNotOver(deadline);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await cancellationSettled();
    // Fails only when the connection is gone, which ends the transaction too.
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

/** Lends `work` a connection, and cancels the statement on it when the signal of the deadline aborts. */
async function withConnection<T>(
  db: DataSource,
  deadline: Deadline,
  work: (lent: LentConnection) => Promise<T>,
): Promise<T> {
  assertNotOver(deadline);
  const runner = db.createQueryRunner();
  try {
    const client = (await runner.connect()) as PoolClient & { processID: number };
    // The wait for a connection takes up to 1 s.
    assertNotOver(deadline);
    const cancellation = new Cancellation(db, client.processID);
    const cancel = () => void cancellation.send();
    deadline.signal.addEventListener('abort', cancel, { once: true });
    const cancellationSettled = () => cancellation.settled();
    const removeListener = () => deadline.signal.removeEventListener('abort', cancel);
    return await work({ runner, client, cancellationSettled })
      .finally(removeListener)
      .finally(cancellationSettled);
  } finally {
    await runner.release();
  }
}

/** Cancels the statement that runs on a connection. */
class Cancellation {
  private isOver = false;
  private sent: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly db: DataSource,
    private readonly processId: number,
  ) {}

  /** Sends the cancel request. When that fails, `statement_timeout` ends the statement. */
  async send(): Promise<void> {
    const runner = this.db.createQueryRunner();
    try {
      await runner.connect();
      if (this.isOver) return;
      this.sent = runner.query('SELECT pg_cancel_backend($1)', [this.processId]).catch(() => undefined);
      await this.sent;
    } catch {
      // There was no free connection in time.
    } finally {
      await runner.release();
    }
  }

  /**
   * Prevents later requests, and resolves when one that was sent is answered. Does not wait for one that waits for a
   * connection of the pool: when all are lent, that may be the very connection that is returned after this.
   */
  settled(): Promise<unknown> {
    this.isOver = true;
    return this.sent;
  }
}
