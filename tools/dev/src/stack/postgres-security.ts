import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './server-account.ts';
import { copyTls, type Tls } from './tls-files.ts';

/** Who connects needs TLS 1.3 and a certificate of our CA, beside the password. */
export interface PostgresSecurity {
  /** Of the server. */
  readonly server: Tls;
  /** Of the tools. */
  readonly tools: Tls;
}

/** Without a line for it, an unencrypted connection is refused. */
const HBA = ['all', 'replication']
  .map((database) => `hostssl ${database} all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n`)
  .join('');

/**
 * Writes what the server reads at its start, and at a reload, into a folder of its own.
 *
 * @returns its settings
 */
export function secure(
  folder: string,
  { server }: PostgresSecurity,
  account: Account | undefined,
): Record<string, string> {
  const { cert, key, ca } = copyTls(server, folder, account);
  const hba = join(folder, 'pg_hba.conf');
  writeFileSync(hba, HBA);
  return {
    ssl: 'on',
    ssl_min_protocol_version: 'TLSv1.3',
    ssl_cert_file: cert,
    ssl_key_file: key,
    ssl_ca_file: ca,
    hba_file: hba,
  };
}

/** The URL for our tools, and for psql: it names the files of their certificate. */
export function forTools(url: string, { tools }: PostgresSecurity): string {
  const secured = new URL(url);
  secured.hostname = 'localhost';
  const { cert, key, ca } = tools;
  const parameters = { sslmode: 'verify-full', sslrootcert: ca, sslcert: cert, sslkey: key };
  for (const [name, value] of Object.entries(parameters)) secured.searchParams.set(name, value);
  return secured.href;
}

/** The URL for an app, which has certificates of its own. */
export function forApps(url: string): string {
  const bare = new URL(url);
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) bare.searchParams.delete(name);
  return bare.href;
}
