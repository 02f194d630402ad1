export { columnsOf, rowsFrom, type Column } from './columns.js';
export { databaseUrl } from './database-url.js';
export { createClient } from './failover.js';
export { isRefusedValue, isTransientDatabaseError } from './database-error.js';
export {
  assertDurable,
  databaseConfig,
  openDatabase,
  postgresOptions,
  type PostgresSettings,
} from './postgres.js';
export { preparedQueries } from './prepared-statements.js';
export type { Queryable, TransactionRunner } from './queryable.js';
export { migrateApp } from './run-migrations.js';
export { assertNotOver, deadlineExceeded } from './deadline-exceeded.js';
export { AWAIT_REPLICATION, awaitReplication, CommitNotReplicated } from './replicated-commits.js';
export { transactionsOf } from './transactions.js';
export { readWithin, statementWithin, transactionWithin } from './within.js';
