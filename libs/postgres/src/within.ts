import type { Deadline } from '@orders/resilience';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { cancelStatement } from './cancel-request.js';
import type { Connection } from './connection.js';
import { assertNotOver } from './deadline-exceeded.js';
import { withPreparedStatements } from './prepared-statements.js';
import type { Queryable } from './queryable.js';
import { STATEMENT_TIMEOUT_MS } from './session.js';

export interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
  /** Whether to prepare it; see the conditions of {@link withPreparedStatements}. Default false. */
  readonly prepared?: boolean;
}

/**
 * Runs one statement in a transaction of its own. While more time is left than `statement_timeout`, which ends it in time,
 * that takes one round trip, and nothing cancels it; otherwise it runs as {@link transactionWithin} does.
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
    if (deadline.remainingMs <= STATEMENT_TIMEOUT_MS) return inTransaction(lent, deadline, query);
    // When it has become a COMMIT is not known here.
    lent.cancellation.prevent();
    return query();
  });
}

/**
 * Runs `work` in a transaction with a deadline. A statement is cancelled when the signal of the deadline aborts, and after
 * the time that was left at BEGIN, {@link STATEMENT_TIMEOUT_MS} at most. When the deadline is over before COMMIT is sent,
 * the transaction is rolled back; COMMIT itself is never cancelled. Costs one round trip more than without a deadline.
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
 * Runs `reads` outside of a transaction, with prepared statements; see the conditions of {@link withPreparedStatements}.
 * One is cancelled when the signal of the deadline aborts, and after {@link STATEMENT_TIMEOUT_MS}. Costs no round trip but
 * theirs.
 *
 * @throws what `reads` or the database throws; deadline-exceeded, when the deadline is over before `reads` begin
 */
export function readWithin<T>(
  db: DataSource,
  deadline: Deadline,
  reads: (connection: Queryable) => Promise<T>,
): Promise<T> {
  return withConnection(db, deadline, ({ client }) => reads(withPreparedStatements(client)));
}

/** A connection of the pool while a call uses it. */
interface LentConnection {
  readonly runner: QueryRunner;
  /** The connection of `runner`. */
  readonly client: PoolClient;
  readonly cancellation: Cancellation;
}

async function inTransaction<T>(
  { runner, cancellation }: LentConnection,
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
    cancellation.prevent();
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await cancellation.settled();
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
    const client = (await runner.connect()) as PoolClient & Connection;
    // The wait for a connection takes up to 1 s.
    assertNotOver(deadline);
    const cancellation = new Cancellation(client, deadline.signal);
    return await work({ runner, client, cancellation }).finally(() => cancellation.settled());
  } finally {
    await runner.release();
  }
}

/** Cancels the statement that runs on a connection when a signal aborts, at most once. */
class Cancellation {
  private sent: Promise<void> | undefined;
  private readonly send = () => void (this.sent = cancelStatement(this.client));

  constructor(
    private readonly client: Connection,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.send, { once: true });
  }

  /** Prevents later requests: call it before COMMIT. */
  prevent(): void {
    this.signal.removeEventListener('abort', this.send);
  }

  /** Prevents later requests, and resolves when one that was sent cannot hit the next statement. */
  async settled(): Promise<void> {
    this.prevent();
    await this.sent;
  }
}
