import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from './binaries.ts';
import { installFromDebian } from './debian-package.ts';
import { installFromRelease } from './nats-release.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

/** The oldest version that the tests have run with. */
const OLDEST = [2, 10] as const;

/** The first Debian release whose nats-server is new enough; its package needs nothing but libc. */
const SUITE_WITH_2_10 = 'trixie';
const OLDER_SUITES = ['bullseye', 'bookworm'];

export interface ResolveOptions {
  finders?: readonly Finder[];
  versionOf?: (binary: string) => Promise<string>;
  /** Called with the place that is tried. */
  onTry?: (where: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * The first nats-server that runs here and is new enough.
 * @throws Problem with what was tried, why it failed, and what to do
 */
export async function resolveNatsServer(options: ResolveOptions = {}): Promise<string> {
  const { finders = natsFinders(process.env), versionOf = natsVersion, onTry, signal } = options;
  const check = async (binary: string): Promise<void> => {
    const version = await versionOf(binary);
    if (!isNewEnough(version)) throw new Error(`version ${version} is too old`);
  };
  try {
    return await firstThatWorks({ finders, check, onTry, signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    throw new Problem(
      `No nats-server ${OLDEST.join('.')} or newer (${error.message}). Install one, or set NATS_SERVER_BIN to it, or NATS_URL to a running server.`,
      { cause: error },
    );
  }
}

/** Every way to find nats-server, in order of preference. */
export function natsFinders(env: NodeJS.ProcessEnv): Finder[] {
  const chosen = env.NATS_SERVER_BIN;
  if (chosen) return [{ where: 'NATS_SERVER_BIN', find: async () => chosen, decisive: true }];
  const cached = join(cacheFolder(env), 'nats-server', 'nats-server');
  return [
    { where: 'PATH', find: () => onPath('nats-server', env.PATH) },
    { where: 'cache', find: () => executable(cached) },
    { where: 'Debian package', find: (signal) => fromDebian(cached, signal) },
    { where: 'release download', find: (signal) => installFromRelease(cached, signal) },
  ];
}

async function fromDebian(target: string, signal: AbortSignal | undefined): Promise<string> {
  const suite = (own: string): string => (OLDER_SUITES.includes(own) ? SUITE_WITH_2_10 : own);
  const packages = () => ['nats-server'];
  await installFromDebian({ packages, files: () => ({ 'usr/sbin/nats-server': target }), suite }, signal);
  return target;
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

async function natsVersion(binary: string): Promise<string> {
  const printed = await run(binary, ['--version']);
  const version = /v?(\d+\.\d+\.\d+)/.exec(printed)?.[1];
  if (version === undefined) throw new Error(`${binary} --version printed no version`);
  return version;
}
