import type { Queryable, TransactionRunner } from '@orders/messaging';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';

/**
 * TypeORM's transactions, in which each statement is parsed and planned once for each connection, not for each batch.
 * That takes statements whose text never changes, and that read a table by its unique keys alone: a plan made while it
 * was empty is kept when it has grown.
 */
export function transactionsOf(database: DataSource): TransactionRunner {
  const names = new Map<string, string>();
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `consumer-${names.size + 1}`;
    names.set(text, name);
    return name;
  };
  const preparing = (client: PoolClient): Queryable => ({
    query: async <Rows>(text: string, values: unknown[] = []) =>
      (await client.query({ name: nameOf(text), text, values })).rows as Rows,
  });
  return {
    transaction: (work) =>
      database.transaction(async ({ queryRunner }) =>
        work(preparing((await queryRunner?.connect()) as PoolClient)),
      ),
  };
}
