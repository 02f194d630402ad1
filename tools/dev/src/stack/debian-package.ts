import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailed, run } from './run.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface DebianPackages {
  /** Names of the packages for a Debian release. */
  packages: (suite: string) => string[];
  /** Files to take out: path inside the package → target. A target appears once it is complete. */
  files: (suite: string) => Record<string, string>;
  /** The release to take them from, given the machine's own. Default: its own. */
  suite?: (own: string) => string;
  /** Also the packages that these need and the machine lacks. Default false. */
  missing?: boolean;
}

/**
 * Takes files out of Debian packages, without root and without touching the machine's apt: lists, cache and sources are
 * private folders; the archive is the one configured on the machine.
 * @throws when this is no Debian, or apt cannot fetch them
 */
export async function installFromDebian(wanted: DebianPackages, signal?: AbortSignal): Promise<void> {
  await withUnpacked(wanted, signal, async (unpacked, suite) => {
    for (const [path, target] of Object.entries(wanted.files(suite)))
      await putInPlace(join(unpacked, path), target);
  });
}

/**
 * Unpacks Debian packages into a folder, which appears once it is complete.
 * @throws when this is no Debian, or apt cannot fetch them
 */
export async function unpackFromDebian(
  wanted: Omit<DebianPackages, 'files'> & { target: string },
  signal?: AbortSignal,
): Promise<void> {
  await withUnpacked(wanted, signal, async (unpacked) => {
    const draft = `${wanted.target}.${process.pid}`;
    await cp(unpacked, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, wanted.target);
  });
}

/** Calls `use` with the folder that the packages are unpacked in; it is removed afterwards. */
async function withUnpacked(
  wanted: Omit<DebianPackages, 'files'>,
  signal: AbortSignal | undefined,
  use: (unpacked: string, suite: string) => Promise<void>,
): Promise<void> {
  const own = await debianSuite();
  const suite = wanted.suite?.(own) ?? own;
  const folder = await mkdtemp(join(tmpdir(), 'debian-package-'));
  try {
    const apt = await privateApt(folder, await archiveOf(own, signal), suite);
    await apt(['update', '--error-on=any'], signal);
    const fetching = wanted.missing
      ? ['install', '--download-only', '--no-install-recommends', '--yes']
      : ['download'];
    await apt([...fetching, ...wanted.packages(suite)], signal);
    const unpacked = join(folder, 'unpacked');
    const archives = wanted.missing ? join(folder, 'cache/archives') : folder;
    for (const name of (await readdir(archives)).filter((file) => file.endsWith('.deb')))
      await run('dpkg-deb', ['-x', join(archives, name), unpacked], { signal });
    await use(unpacked, suite);
  } catch (error) {
    throw error instanceof CommandFailed
      ? new Error(lastError(error.output) ?? error.message, { cause: error })
      : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies a binary into the cache; its name appears when it is complete. */
export async function putInPlace(source: string, target: string): Promise<string> {
  const draft = `${target}.${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await copyFile(source, draft);
  await chmod(draft, 0o755);
  await rename(draft, target);
  return target;
}

async function debianSuite(): Promise<string> {
  const release = existsSync('/etc/os-release') ? await readFile('/etc/os-release', 'utf8') : '';
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release) || codename === undefined) throw new Error('this is no Debian');
  return codename;
}

/** Base address of the archive that serves this machine's own suite, whatever form its sources have. */
async function archiveOf(suite: string, signal: AbortSignal | undefined): Promise<string> {
  const uris = await run('apt-get', ['--print-uris', 'update'], { signal });
  for (const [, base, name] of uris.matchAll(/^'(\S+?)\/dists\/([^/']+)\/InRelease'/gm)) {
    if (base !== undefined && name === suite) return base;
  }
  throw new Error(`apt has no source for ${suite}`);
}

async function privateApt(folder: string, archive: string, suite: string) {
  const signedBy = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  await writeFile(join(folder, 'sources.list'), `deb ${signedBy}${archive} ${suite} main\n`);
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  const settings = {
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': '', // no change of user: the folders are ours
    'APT::Update::Post-Invoke-Success': '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Debug::NoLocking': '1',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return (args: string[], signal: AbortSignal | undefined): Promise<string> =>
    run('apt-get', [...options, ...args], { cwd: folder, signal });
}

function lastError(output: string): string | undefined {
  return output
    .split('\n')
    .findLast((line) => line.startsWith('E: '))
    ?.slice(3);
}
