/**
 * Runs SQL, inside of a transaction or outside. TypeORM's `DataSource` and `EntityManager` are Queryables. All our
 * statements are a SELECT or an INSERT … RETURNING, for which TypeORM returns the rows.
 */
export interface Queryable {
  query<Rows = unknown>(sql: string, parameters?: unknown[]): Promise<Rows>;
}

/** Runs `work` in a transaction, which is committed when `work` resolves and rolled back when it rejects. */
export interface TransactionRunner {
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
}
