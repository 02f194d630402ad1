import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from '@orders/dev/stack/binaries';
import { installFromDebian } from '@orders/dev/stack/debian-package';
import { cacheFolder } from '@orders/dev/stack/paths';
import { postgresBinaries } from '@orders/dev/stack/postgres-binaries';
import { run } from '@orders/dev/stack/run';

/** The Postgres version of each Debian release. Its server package contains pgbench. */
const VERSIONS: Record<string, string> = { bullseye: '13', bookworm: '15', trixie: '17' };
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/**
 * Finds a pgbench that runs on this machine.
 * @throws Problem with what was tried and why it failed
 */
export async function resolvePgbench(signal: AbortSignal): Promise<string> {
  const check = async (binary: string): Promise<void> =>
    void (await runPgbench(binary, ['--version'], { signal }));
  try {
    return await firstThatWorks({ finders: finders(process.env), check, signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    const what = `No pgbench for the calibration (${error.message}). Install one: Debian's package postgresql has it.`;
    throw new Problem(what, { cause: error });
  }
}

/** Runs pgbench with the libpq of the packaged Postgres: a machine without Postgres has none. */
export function runPgbench(
  binary: string,
  args: string[],
  { env, signal }: { env?: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<string> {
  const library = join(postgresBinaries(undefined), 'lib');
  return run(binary, args, { env: { ...process.env, LD_LIBRARY_PATH: library, ...env }, signal });
}

function finders(env: NodeJS.ProcessEnv): Finder[] {
  const cached = join(cacheFolder(env), 'pgbench', 'pgbench');
  return [
    { where: 'PATH', find: () => onPath('pgbench', env.PATH) },
    { where: DEBIAN_FOLDER, find: newestOfDebian },
    { where: 'cache', find: () => executable(cached) },
    { where: 'Debian package', find: (signal) => unpack(cached, signal) },
  ];
}

async function newestOfDebian(): Promise<string | undefined> {
  const newest = readdirSync(DEBIAN_FOLDER).sort((a, b) => Number(b) - Number(a))[0];
  return newest && executable(join(DEBIAN_FOLDER, newest, 'bin/pgbench'));
}

async function unpack(target: string, signal: AbortSignal | undefined): Promise<string> {
  const version = (suite: string): string => {
    const known = VERSIONS[suite];
    if (known === undefined) throw new Error(`no package is known for ${suite}`);
    return known;
  };
  await installFromDebian(
    {
      packages: (suite) => [`postgresql-${version(suite)}`],
      files: (suite) => ({ [`usr/lib/postgresql/${version(suite)}/bin/pgbench`]: target }),
    },
    signal,
  );
  return target;
}
