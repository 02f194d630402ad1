import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from './binaries.ts';
import { installFromDebian } from './debian-package.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

const cached = (): string => join(cacheFolder(), 'promtool');

const finders: readonly Finder[] = [
  { where: 'PATH', find: () => onPath('promtool', process.env.PATH) },
  { where: 'cache', find: () => executable(cached()) },
  { where: 'Debian package', find: fromDebian },
];

/**
 * The promtool on the PATH, or that of Debian, kept in the cache: a program that needs no libraries.
 *
 * @throws Problem with what was tried, and what to do
 */
export async function resolvePromtool(signal?: AbortSignal): Promise<string> {
  try {
    return await firstThatWorks({ finders, check, signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    throw new Problem(`No promtool (${error.message}). Put one on the PATH.`, { cause: error });
  }
}

async function check(binary: string): Promise<void> {
  await run(binary, ['--version']);
}

async function fromDebian(signal?: AbortSignal): Promise<string> {
  const files = () => ({ 'usr/bin/promtool': cached() });
  await installFromDebian({ packages: () => ['prometheus'], files }, signal);
  return cached();
}
