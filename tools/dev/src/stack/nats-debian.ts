import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailed, run } from './run.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The first Debian release whose nats-server is new enough; its package needs nothing but libc. */
const SUITE_WITH_2_10 = 'trixie';
const OLDER_SUITES = ['bullseye', 'bookworm'];

/**
 * Unpacks Debian's nats-server package into the cache, without root and without touching the machine's apt: lists, cache
 * and sources are private folders; the archive is the one that the machine itself is set to use.
 * @param target where the binary goes
 * @throws when this is no Debian, or apt cannot fetch it
 */
export async function installFromDebian(target: string, signal?: AbortSignal): Promise<string> {
  const suite = await debianSuite();
  const folder = await mkdtemp(join(tmpdir(), 'nats-server-'));
  try {
    const apt = await privateApt(folder, await archiveOf(suite, signal), suite);
    await apt(['update', '--error-on=any'], signal);
    await apt(['download', 'nats-server'], signal);
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get downloaded no package');
    await run('dpkg-deb', ['-x', join(folder, archive), join(folder, 'unpacked')], { signal });
    return await putInPlace(join(folder, 'unpacked/usr/sbin/nats-server'), target);
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
  const wanted = OLDER_SUITES.includes(suite) ? SUITE_WITH_2_10 : suite;
  const signedBy = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
  await writeFile(join(folder, 'sources.list'), `deb ${signedBy}${archive} ${wanted} main\n`);
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
