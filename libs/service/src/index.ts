export { CliError, parseCli, Progress, rateOf, runCli, UsageError, type Cli } from './cli.js';
export { columnsOf, rowsFrom, type Column } from './columns.js';
export {
  baseConfig,
  ConfigError,
  count,
  loadConfig,
  milliseconds,
  port,
  readConfig,
  type BaseConfig,
} from './config.js';
export { createHttpApp } from './create-http-app.js';
export type { HttpAppOptions } from './http-app.js';
export { measuredBatcher } from './measured-batcher.js';
export {
  assertDurable,
  databaseConfig,
  databaseUrl,
  openDatabase,
  postgresOptions,
  STATEMENT_TIMEOUT_MS,
  type PostgresSettings,
} from './postgres.js';
export { problemDetails, problemOf } from './problem.js';
export { saneId, saneTraceparent } from './request-context.js';
export { deadlineOf } from './rpc-deadline.js';
export { RpcEdge } from './rpc-edge.js';
export { traceCalls } from './rpc-span.js';
export { runMigrations } from './run-migrations.js';
export { Secret, secretUrls } from './secret.js';
export { Service, type ProcessHandle, type ServiceOptions, type StopPhase } from './service.js';
export { fromProblemMessage, fromServiceError, toProblemMessage, toServiceError } from './service-error.js';
