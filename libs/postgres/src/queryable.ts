/**
 * Whatever runs SQL inside the caller's transaction or outside of one. TypeORM's `DataSource` and `EntityManager`
 * are Queryables. Our statements all end in SELECT or INSERT … RETURNING, for which TypeORM answers the rows.
 */
export interface Queryable {
  query<Rows = unknown>(sql: string, parameters?: unknown[]): Promise<Rows>;
}

/** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
export interface TransactionRunner {
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
}
