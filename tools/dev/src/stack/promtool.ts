import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from './binaries.ts';
import { installFromDebian } from './debian-package.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

/** Debian's release with Prometheus 2.53. Its programs need nothing but libc, and run on older releases too. */
const SUITE = 'trixie';

/**
 * The promtool on the PATH, or that of Debian, kept in the cache.
 *
 * @throws Problem with what was tried, and what to do
 */
export function resolvePromtool(signal?: AbortSignal): Promise<string> {
  return resolve('promtool', signal);
}

/** The prometheus on the PATH, or that of Debian, as {@link resolvePromtool}. */
export function resolvePrometheus(signal?: AbortSignal): Promise<string> {
  return resolve('prometheus', signal);
}

/** Each is also the name of its package. */
type Program = 'prometheus' | 'promtool';

const cached = (program: Program): string => join(cacheFolder(), 'prometheus-2.53', program);

async function resolve(program: Program, signal: AbortSignal | undefined): Promise<string> {
  const finders: readonly Finder[] = [
    { where: 'PATH', find: () => onPath(program, process.env.PATH) },
    { where: 'cache', find: () => executable(cached(program)) },
    { where: 'Debian package', find: () => fromDebian(program, signal) },
  ];
  try {
    return await firstThatWorks({ finders, check, signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    throw new Problem(`No ${program} (${error.message}). Put one on the PATH.`, { cause: error });
  }
}

async function check(binary: string): Promise<void> {
  await run(binary, ['--version']);
}

async function fromDebian(program: Program, signal?: AbortSignal): Promise<string> {
  const files = () => ({ [`usr/bin/${program}`]: cached(program) });
  await installFromDebian({ packages: () => [program], files, suite: () => SUITE }, signal);
  return cached(program);
}
