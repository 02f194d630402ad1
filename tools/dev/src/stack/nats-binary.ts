import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { executable, type Finder, firstThatWorks, NoBinary, onPath } from './binaries.ts';
import { installFromDebian } from './debian-package.ts';
import { installFromRelease } from './nats-release.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

/** The oldest version that the tests have run with. */
const OLDEST = [2, 10] as const;

/**
 * The versions that can be asked for: each a release of the NATS project, and the Debian suite whose package has it. The
 * packages need nothing but libc. `sid` moves on: once its version is another one, the release is downloaded.
 */
const VERSIONS = {
  '2.10': { release: '2.10.27', suite: 'trixie' },
  '2.15': { release: '2.15.1', suite: 'sid' },
} as const;

/** A minor version of nats-server that the tests can ask for. */
export type NatsVersion = keyof typeof VERSIONS;

/** The version that is fetched where the machine has none. */
const DEFAULT_VERSION: NatsVersion = '2.10';

export interface ResolveOptions {
  /** Only this version. Default: the one of NATS_SERVER_VERSION; without that the first binary that is new enough. */
  version?: NatsVersion | undefined;
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
  const { version: wanted = natsVersionFrom(process.env), versionOf = natsVersion, onTry, signal } = options;
  const { finders = natsFinders(process.env, wanted) } = options;
  const check = async (binary: string): Promise<void> => {
    const version = await versionOf(binary);
    if (!isNewEnough(version)) throw new Error(`version ${version} is too old`);
    if (wanted !== undefined && !version.startsWith(`${wanted}.`)) throw new Error(`version ${version}`);
  };
  try {
    return await firstThatWorks({ finders, check, onTry, signal });
  } catch (error) {
    if (!(error instanceof NoBinary)) throw error;
    throw new Problem(
      `No nats-server ${wanted ?? `${OLDEST.join('.')} or newer`} (${error.message}). Install one, or set NATS_SERVER_BIN to it, or NATS_URL to a running server.`,
      { cause: error },
    );
  }
}

/**
 * The version that NATS_SERVER_VERSION asks for; undefined = any that is new enough.
 * @throws Problem when it is none of those that can be asked for
 */
export function natsVersionFrom({ NATS_SERVER_VERSION: wanted }: NodeJS.ProcessEnv): NatsVersion | undefined {
  if (!wanted) return undefined;
  if (Object.hasOwn(VERSIONS, wanted)) return wanted as NatsVersion;
  throw new Problem(
    `NATS_SERVER_VERSION must be one of ${Object.keys(VERSIONS).join(', ')}, not "${wanted}".`,
  );
}

/** Every way to find nats-server, in order of preference. NATS_SERVER_BIN is the only one unless a version is wanted. */
export function natsFinders(env: NodeJS.ProcessEnv, version?: NatsVersion): Finder[] {
  const { NATS_SERVER_BIN: chosen } = env;
  const named = { where: 'NATS_SERVER_BIN', find: async () => chosen, decisive: version === undefined };
  if (chosen && named.decisive) return [named];
  const cached = join(cacheFolder(env), 'nats-server', version ? `nats-server-${version}` : 'nats-server');
  const { release, suite } = VERSIONS[version ?? DEFAULT_VERSION];
  return [
    ...(chosen ? [named] : []),
    { where: 'PATH', find: () => onPath('nats-server', env.PATH) },
    { where: 'cache', find: () => executable(cached) },
    { where: 'Debian package', find: (signal) => fromDebian(suite, cached, signal) },
    { where: 'release download', find: (signal) => installFromRelease(release, cached, signal) },
  ];
}

async function fromDebian(suite: string, target: string, signal: AbortSignal | undefined): Promise<string> {
  const packages = () => ['nats-server'];
  const files = () => ({ 'usr/sbin/nats-server': target });
  await installFromDebian({ packages, files, suite: () => suite }, signal);
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
