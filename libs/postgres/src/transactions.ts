import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { withPreparedStatements } from './prepared-statements.js';
import type { TransactionRunner } from './queryable.js';

/** Runs transactions by TypeORM in which each statement is prepared, as {@link withPreparedStatements} does. */
export function transactionsOf(database: DataSource): TransactionRunner {
  return {
    transaction: (work) =>
      database.transaction(async ({ queryRunner }) =>
        work(withPreparedStatements((await queryRunner?.connect()) as PoolClient)),
      ),
  };
}
