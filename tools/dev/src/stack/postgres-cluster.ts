import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { run } from './run.ts';
import type { Account } from './server-account.ts';

export interface ClusterOptions {
  /** The folder of the cluster itself. */
  data: string;
  /** The superuser's password is written there. */
  passwordFile: string;
  binaries: string;
  account: Account | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Makes the cluster when there is none.
 *
 * @throws Problem when it was made by another version, which Postgres refuses
 */
export async function ensureCluster(options: ClusterOptions): Promise<void> {
  const { data, binaries } = options;
  const printed = await run(join(binaries, 'bin/postgres'), ['--version'], { cwd: '/' });
  const version = /(\d+)\./.exec(printed)?.[1] ?? '';
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(options, version);
  const maker = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (maker === version) return;
  throw new Problem(
    `The data in ${data} is of Postgres ${maker}, not ${version}: set POSTGRES_VERSION=${maker}, or wipe it by npm run reset.`,
  );
}

/** Creates it in a draft folder and renames that when complete: an interrupted start leaves nothing half-made. */
async function initialise(
  { data, passwordFile, binaries, account, signal }: ClusterOptions,
  version: string,
): Promise<void> {
  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, randomBytes(16).toString('hex'), { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  const flags = [
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--data-checksums',
  ];
  // The same order of texts on every machine.
  const builtin = Number(version) < 17 ? [] : ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const locale = ['--encoding=UTF8', '--locale=C', ...builtin];
  await run(join(binaries, 'bin/initdb'), [`--pgdata=${draft}`, ...flags, ...locale], {
    cwd: '/',
    account,
    signal,
  });
  renameSync(draft, data);
}
