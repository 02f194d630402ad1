export { columnsOf, rowsFrom, type Column } from './columns.js';
export { isRefusedValue, isTransientDatabaseError } from './database-error.js';
export {
  assertDurable,
  databaseConfig,
  databaseUrl,
  openDatabase,
  postgresOptions,
  type PostgresSettings,
} from './postgres.js';
export { preparedOn } from './prepared.js';
export type { Queryable, TransactionRunner } from './queryable.js';
export { migrateApp } from './run-migrations.js';
export { assertAwaited, tooLate } from './too-late.js';
export { transactionsOf } from './transactions.js';
export { readWithin, statementWithin, transactionWithin } from './within.js';
