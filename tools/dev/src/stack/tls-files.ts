import { randomUUID } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Account } from './server-account.ts';

/** A certificate, its key and the certificates of the CAs that it trusts: PEM, or the paths of such files. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The names of a Secret of cert-manager. */
const NAMES: Tls = { cert: 'tls.crt', key: 'tls.key', ca: 'ca.crt' };
const KINDS = ['cert', 'key', 'ca'] as const;
/** The link to the folder with the files of now. */
const NOW = '..data';

/** The paths of the files that {@link publishTls} writes into a folder. */
export function tlsFilesIn(folder: string): Tls {
  return { cert: join(folder, NAMES.cert), key: join(folder, NAMES.key), ca: join(folder, NAMES.ca) };
}

/**
 * Writes all three files at once, as Kubernetes changes those of a mounted Secret: who opens one finds a link to the old
 * ones or to the new ones. Readable by their user only.
 *
 * @param texts PEM
 */
export function publishTls(folder: string, texts: Tls): void {
  const version = `..${randomUUID()}`;
  mkdirSync(join(folder, version), { recursive: true, mode: 0o700 });
  for (const kind of KINDS) writeFileSync(join(folder, version, NAMES[kind]), texts[kind], { mode: 0o600 });
  const now = join(folder, NOW);
  const before = existsSync(now) ? readlinkSync(now) : undefined;
  symlinkSync(version, `${now}.new`);
  renameSync(`${now}.new`, now);
  if (before !== undefined) rmSync(join(folder, before), { recursive: true });
  else for (const kind of KINDS) symlinkSync(join(NOW, NAMES[kind]), join(folder, NAMES[kind]));
}

/** Copies the files to where an account reads them, as its own: Postgres takes no key of somebody else. */
export function copyTls(files: Tls, folder: string, account: Account | undefined): Tls {
  mkdirSync(folder, { recursive: true });
  const copies = tlsFilesIn(folder);
  for (const kind of KINDS) {
    writeFileSync(copies[kind], readFileSync(files[kind]), { mode: 0o600 });
    if (account) chownSync(copies[kind], account.uid, account.gid);
  }
  if (account) chownSync(folder, account.uid, account.gid);
  return copies;
}
