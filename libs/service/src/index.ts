export { CliError } from './cli-error.js';
export { parseCli, Progress, rateOf, runCli, UsageError, type Cli, type Command } from './cli.js';
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
export { explainFailure } from './explain-failure.js';
export { renewFiles } from './files/renew-files.js';
export { RenewedFile } from './files/renewed-file.js';
export { measuredBatcher } from './measured-batcher.js';
export { Secret } from './secret.js';
export { Service, type ProcessHandle } from './service.js';
export { openTls, readTls } from './tls/open-tls.js';
export { certificatesIn } from './tls/pem.js';
export { tlsConfig, type TlsConfigValues } from './tls/tls-config.js';
export { TlsIdentity } from './tls/tls-identity.js';
export type { TlsMaterial } from './tls/tls-material.js';
