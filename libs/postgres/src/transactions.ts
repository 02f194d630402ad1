import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { preparing } from './preparing.js';
import type { TransactionRunner } from './queryable.js';

/** TypeORM's transactions, in which each statement is prepared ({@link preparing}). */
export function transactionsOf(database: DataSource): TransactionRunner {
  return {
    transaction: (work) =>
      database.transaction(async ({ queryRunner }) =>
        work(preparing((await queryRunner?.connect()) as PoolClient)),
      ),
  };
}
