import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { preparing } from './preparing.js';
import type { Queryable } from './queryable.js';

/** TypeORM's connections, on which each statement is prepared ({@link preparing}). */
export function preparedOn(database: DataSource): Queryable {
  return {
    query: async (sql, parameters) => {
      const runner = database.createQueryRunner();
      try {
        return await preparing((await runner.connect()) as PoolClient).query(sql, parameters);
      } finally {
        await runner.release();
      }
    },
  };
}
