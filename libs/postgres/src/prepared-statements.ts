import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { Queryable } from './queryable.js';

/** A connection of pg. */
interface Connection {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown }>;
}

const names = new Map<string, string>();

/**
 * Runs statements as prepared ones on a connection: Postgres parses each text once, and after a few calls uses one plan
 * for all. Use it only for statements whose text never changes and that read each table by a unique key, or as far as a
 * LIMIT in the order of an index. Others would keep a plan that was made while a table was empty until the next ANALYZE,
 * however much the table grows.
 */
export function withPreparedStatements(connection: Connection): Queryable {
  return {
    query: async <Rows>(text: string, values: unknown[] = []) =>
      (await connection.query({ name: nameOf(text), text, values })).rows as Rows,
  };
}

/** Runs each statement on a connection of TypeORM's pool, prepared as {@link withPreparedStatements} does. */
export function preparedQueries(database: DataSource): Queryable {
  return {
    query: async (sql, parameters) => {
      const runner = database.createQueryRunner();
      try {
        const connection = (await runner.connect()) as PoolClient;
        return await withPreparedStatements(connection).query(sql, parameters);
      } finally {
        await runner.release();
      }
    },
  };
}

/** A name of the text alone: behind a pooler, a session has the statements of other processes too. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `prepared-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  names.set(text, name);
  return name;
}
