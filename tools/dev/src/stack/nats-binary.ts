import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { installFromDebian } from './nats-debian.ts';
import { installFromRelease } from './nats-release.ts';
import { cacheFolder } from './paths.ts';
import { run } from './run.ts';

/** One way to come by a nats-server. */
export interface NatsFinder {
  /** Where it looks, for messages. */
  where: string;
  /** Path of the binary; undefined when there is none. @throws when the way fails, with the reason */
  find(signal?: AbortSignal): Promise<string | undefined>;
  /** The user asked for this one: when it does not work nothing else is tried. */
  decisive?: boolean;
}

/** Older ones lack `sync_interval: always`, without which a power cut loses acknowledged messages. */
const OLDEST = [2, 10] as const;

export interface ResolveOptions {
  finders?: readonly NatsFinder[];
  versionOf?: (binary: string) => Promise<string>;
  /** Told what is being tried. */
  onTry?: (where: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * The first nats-server that runs here and is new enough.
 * @throws Problem with what was tried, why it failed, and what to do
 */
export async function resolveNatsServer(options: ResolveOptions = {}): Promise<string> {
  const { finders = natsFinders(process.env), versionOf = natsVersion, onTry, signal } = options;
  const reasons: string[] = [];
  for (const finder of finders) {
    signal?.throwIfAborted();
    onTry?.(finder.where);
    try {
      const binary = await finder.find(signal);
      if (binary === undefined) throw new Error('none');
      const version = await versionOf(binary);
      if (isNewEnough(version)) return binary;
      throw new Error(`version ${version} is too old`);
    } catch (error) {
      signal?.throwIfAborted();
      reasons.push(`${finder.where}: ${firstLine(error)}`);
      if (finder.decisive) break;
    }
  }
  throw new Problem(
    `No nats-server ${OLDEST.join('.')} or newer (${reasons.join('; ')}). Install one, or set NATS_SERVER_BIN to it, or NATS_URL to a running server.`,
  );
}

/** Every way, in the order of preference. */
export function natsFinders(env: NodeJS.ProcessEnv): NatsFinder[] {
  const chosen = env.NATS_SERVER_BIN;
  if (chosen) return [{ where: 'NATS_SERVER_BIN', find: async () => chosen, decisive: true }];
  const cached = join(cacheFolder(env), 'nats-server', 'nats-server');
  return [
    { where: 'PATH', find: () => onPath('nats-server', env.PATH) },
    { where: 'cache', find: async () => ((await isExecutable(cached)) ? cached : undefined) },
    { where: 'Debian package', find: (signal) => installFromDebian(cached, signal) },
    { where: 'release download', find: (signal) => installFromRelease(cached, signal) },
  ];
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

async function onPath(name: string, path = ''): Promise<string | undefined> {
  for (const folder of path.split(':')) {
    const candidate = join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
