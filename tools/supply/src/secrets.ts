import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { existsSync, lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { executable, firstThatWorks, type Finder, onPath } from '@orders/dev/stack/binaries';
import { installFromDebian } from '@orders/dev/stack/debian-package';
import { cacheFolder, ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';

/** The suite whose package runs on older Debians too: it needs nothing but libc. */
const SUITE = 'trixie';

/**
 * Path of gitleaks 8: of the machine, of our cache, or of Debian's package.
 *
 * @throws NoBinary with the reason of each place
 */
export function resolveGitleaks(signal?: AbortSignal): Promise<string> {
  const cached = join(cacheFolder(), 'gitleaks', 'gitleaks');
  const finders: Finder[] = [
    { where: 'PATH', find: () => onPath('gitleaks', process.env.PATH) },
    { where: 'cache', find: () => executable(cached) },
    { where: 'Debian package', find: (aborted) => fromDebian(cached, aborted) },
  ];
  const check = async (binary: string): Promise<void> => void (await run(binary, ['version']));
  return firstThatWorks({ finders, check, signal });
}

async function fromDebian(target: string, signal: AbortSignal | undefined): Promise<string> {
  const packages = () => ['gitleaks'];
  const files = () => ({ 'usr/bin/gitleaks': target });
  await installFromDebian({ packages, files, suite: () => SUITE }, signal);
  return target;
}

/**
 * Looks for secrets in every commit that is here, and in the files that the next one may have.
 *
 * @returns a line for each secret, without it; empty when there is none
 */
export async function secretsIn(root: string, gitleaks: string, signal?: AbortSignal): Promise<string[]> {
  const history = await scan(gitleaks, ['--source', root, '--config', configOf(root)], signal);
  const folder = await mkdtemp(join(tmpdir(), 'orders-secrets-'));
  try {
    await copyFiles(root, folder, signal);
    const files = await scan(gitleaks, ['--no-git', '--source', folder, '--config', configOf(root)], signal);
    return [...new Set([...history, ...files.map((line) => line.replaceAll(`${folder}/`, ''))])];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const configOf = (root: string): string =>
  join(existsSync(join(root, '.gitleaks.toml')) ? root : ROOT, '.gitleaks.toml');

async function scan(
  gitleaks: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const options = ['--redact', '--verbose', '--no-banner', '--exit-code', '7'];
  try {
    await run(gitleaks, ['detect', ...args, ...options], { signal });
    return [];
  } catch (error) {
    if (!(error instanceof CommandFailed) || !error.message.includes('code 7')) throw error;
    return describe(error.output);
  }
}

/** `file:line rule` of each finding. */
function describe(output: string): string[] {
  const field = (name: string, block: string): string =>
    new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(block)?.[1] ?? '';
  return output
    .split(/^Finding:/m)
    .slice(1)
    .map((block) => `${field('File', block)}:${field('Line', block)} ${field('RuleID', block)}`);
}

/** Every file that Git tracks or would add. */
async function copyFiles(root: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const listed = await run('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root, signal });
  for (const file of listed.split('\0').filter(Boolean)) {
    if (!lstatSync(join(root, file), { throwIfNoEntry: false })?.isFile()) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await copyFile(join(root, file), join(folder, file));
  }
}
