import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from './binaries.ts';
import { installFromDebian } from './debian-package.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

/** Of the embedded server, which comes without client programs; an older pg_dump refuses it. */
const VERSION = 18;

/** Debian's first release with this version. Its programs need a newer libc than that of older releases, so they bring it. */
const SUITE = 'sid';
const LIBRARIES: Record<string, readonly string[]> = {
  libc6: ['libc.so.6', 'libm.so.6', 'libresolv.so.2'],
  libpq5: ['libpq.so.5'],
  libssl3t64: ['libssl.so.3', 'libcrypto.so.3'],
  'liblz4-1': ['liblz4.so.1'],
  libzstd1: ['libzstd.so.1'],
  libxxhash0: ['libxxhash.so.0'],
  zlib1g: ['libz.so.1'],
  libldap2: ['libldap.so.2', 'liblber.so.2'],
  'libsasl2-2': ['libsasl2.so.2'],
  'libgssapi-krb5-2': ['libgssapi_krb5.so.2'],
  'libkrb5-3': ['libkrb5.so.3'],
  libk5crypto3: ['libk5crypto.so.3'],
  libkrb5support0: ['libkrb5support.so.0'],
  'libcom-err2': ['libcom_err.so.2'],
  libkeyutils1: ['libkeyutils.so.1'],
};
const PLATFORMS: Partial<Record<NodeJS.Architecture, { folder: string; loader: string }>> = {
  x64: { folder: 'usr/lib/x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { folder: 'usr/lib/aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Runs pg_dump with these arguments. @returns what it printed */
export type PgDump = (args: string[], signal?: AbortSignal) => Promise<string>;

/**
 * A pg_dump that can read the embedded server: one on the PATH, or that of Debian, kept in the cache.
 * @throws Problem with what was tried, and what to do
 */
export async function resolvePgDump(signal?: AbortSignal): Promise<PgDump> {
  try {
    const found = await firstThatWorks({ finders: finders(), check, signal });
    return (args, signal) => run(...commandOf(found, args), { signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    const problem = `No pg_dump ${VERSION} or newer (${error.message}). Put one on the PATH.`;
    throw new Problem(problem, { cause: error });
  }
}

const cached = (): string => join(cacheFolder(), `postgres-client-${VERSION}`);

function finders(): Finder[] {
  return [
    { where: 'PATH', find: () => onPath('pg_dump', process.env.PATH) },
    { where: 'cache', find: () => executable(join(cached(), 'pg_dump')) },
    { where: 'Debian package', find: fromDebian },
  ];
}

async function fromDebian(signal?: AbortSignal): Promise<string> {
  const platform = PLATFORMS[process.arch];
  if (!platform) throw new Error(`none for ${process.arch}`);
  const libraries = [platform.loader, ...Object.values(LIBRARIES).flat()];
  const binary = join(cached(), 'pg_dump');
  const files = {
    ...Object.fromEntries(libraries.map((name) => [`${platform.folder}/${name}`, join(cached(), name)])),
    [`usr/lib/postgresql/${VERSION}/bin/pg_dump`]: binary, // last: once it is there, all is
  };
  const packages = [`postgresql-client-${VERSION}`, ...Object.keys(LIBRARIES)];
  await installFromDebian({ packages: () => packages, files: () => files, suite: () => SUITE }, signal);
  return binary;
}

/** A program of ours runs by its own loader. */
function commandOf(binary: string, args: string[]): [command: string, args: string[]] {
  const platform = PLATFORMS[process.arch];
  if (!platform || !binary.startsWith(cached())) return [binary, args];
  return [join(cached(), platform.loader), ['--library-path', cached(), binary, ...args]];
}

async function check(binary: string): Promise<void> {
  const printed = await run(...commandOf(binary, ['--version']));
  const version = Number(/(\d+)\./.exec(printed)?.[1]);
  if (!(version >= VERSION)) throw new Error(`version ${version} is too old`);
}
