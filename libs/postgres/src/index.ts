export { columnsOf, rowsFrom, type Column } from './columns.js';
export { databaseUrl } from './database-url.js';
export { clientClassFor, type DatabaseAddress, type DatabaseClient } from './database-client.js';
export { isInstallationFault, isRefusedValue, isTransientDatabaseError } from './database-error.js';
export { openDatabase, withDatabase } from './open-database.js';
export {
  commandDatabaseConfig,
  databaseConfig,
  MAX_LIFETIME_SECONDS,
  postgresOptions,
  type PostgresSettings,
} from './postgres.js';
export { preparedQueries } from './prepared-statements.js';
export type { Queryable, TransactionRunner } from './queryable.js';
export { bothRights, type Rights } from './rights.js';
export type { RoleRights } from './roles.js';
export { migrateApp } from './run-migrations.js';
export { assertNotOver, deadlineExceeded } from './deadline-exceeded.js';
export { AWAIT_REPLICATION, awaitReplication, CommitNotReplicated } from './replicated-commits.js';
export { transactionsOf } from './transactions.js';
export { readWithin, statementWithin, transactionWithin } from './within.js';
export { withDomainErrors } from './with-domain-errors.js';
