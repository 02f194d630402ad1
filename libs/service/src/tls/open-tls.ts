import { observe } from '@orders/instrumentation';
import { CliError } from '../cli-error.js';
import { readFiles } from '../files/read-files.js';
import { METRICS } from '../metric-definitions.js';
import type { Service } from '../service.js';
import { checkMaterial, type Demands } from './check-material.js';
import { Rotation } from './rotation.js';
import { type TlsConfigValues, type TlsFiles, VARIABLES } from './tls-config.js';
import { TlsIdentity } from './tls-identity.js';

/**
 * The TLS identity of an app, whose certificate has the app's name as DNS name. Until the service stops its files are read
 * again every second; new ones are in use about 2 s after the last of them was written. Call it before anything listens.
 *
 * Metric: `tls_enabled`.
 *
 * @param options.isServer whether it serves with them too. Default false
 * @returns undefined for plaintext: when none of the variables is set
 * @throws {CliError} with the variable, the file and the reason of each problem
 */
export async function openTls(
  config: TlsConfigValues,
  service: Pick<Service, 'name' | 'logger' | 'onStop'>,
  { isServer = false } = {},
): Promise<TlsIdentity | undefined> {
  const files = filesOf(config);
  observe([METRICS.tlsEnabled], (set) => set(METRICS.tlsEnabled, files ? 1 : 0));
  if (!files) {
    service.logger.warn({}, 'no certificates: it talks in plaintext, and to anybody who reaches it');
    return undefined;
  }
  const identity = await readIdentity(files, { name: service.name, isServer });
  service.onStop('connections', 'tls', async () => identity.close());
  void new Rotation(identity, files, service.logger).run();
  return identity;
}

/**
 * {@link openTls} for a command: the files are read once.
 *
 * @param name the DNS name of the certificate. Default: whichever it has, as an operator's
 * @throws {CliError} as `openTls` does
 */
export async function readTls(config: TlsConfigValues, name?: string): Promise<TlsIdentity | undefined> {
  const files = filesOf(config);
  return files && readIdentity(files, { name });
}

async function readIdentity(files: TlsFiles, demands: Demands): Promise<TlsIdentity> {
  const { material, problems } = checkMaterial(files, await readFiles(files), demands);
  if (!material) throw new CliError(problems.join('; '));
  return new TlsIdentity(demands.name ?? 'the operator', material, demands.isServer);
}

/** @throws {CliError} when some of the variables are set and some are not */
function filesOf({ tlsCertFile, tlsKeyFile, tlsCaFile }: TlsConfigValues): TlsFiles | undefined {
  const files = { cert: tlsCertFile, key: tlsKeyFile, ca: tlsCaFile };
  const kinds = ['cert', 'key', 'ca'] as const;
  const missing = kinds.filter((kind) => files[kind] === undefined).map((kind) => VARIABLES[kind]);
  if (missing.length === kinds.length) return undefined;
  if (missing.length === 0) return files as TlsFiles;
  const all = Object.values(VARIABLES).join(', ');
  throw new CliError(missing.map((name) => `${name}: is required: set all of ${all}, or none`).join('; '));
}
