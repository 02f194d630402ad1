export { CliError, parseCli, Progress, rateOf, runCli, UsageError, type Cli, type Command } from './cli.js';
export {
  baseConfig,
  bytes,
  ConfigError,
  count,
  loadConfig,
  milliseconds,
  port,
  readConfig,
} from './config.js';
export { measuredBatcher } from './measured-batcher.js';
export { Secret, secretUrl, secretUrls } from './secret.js';
export { Service, type ProcessHandle } from './service.js';
