import { UsageError } from '@orders/dev/bootstrap/problem.mjs';
import type { EmbeddedPostgres } from '@orders/dev/stack/postgres';
import type { SystemOptions } from '@orders/dev/stack/site';
import { type DatabaseFront, startPooler, startStandby } from './database-front.ts';

/** What a fault may need of the servers. */
export const PLATFORM_TRAITS = ['one nats-server', 'cluster', 'standby'] as const;
export type PlatformTrait = (typeof PLATFORM_TRAITS)[number];

/** The servers that the system runs on during a proof. */
export interface Platform {
  readonly name: string;
  /** In words, for the usage. */
  readonly what: string;
  readonly system: Pick<SystemOptions, 'nats' | 'postgresVersion'>;
  /** Settings of all apps. */
  readonly env: Readonly<Record<string, string>>;
  readonly traits: readonly PlatformTrait[];
  /** Starts what stands beside or before Postgres. */
  readonly databaseFront?:
    ((postgres: EmbeddedPostgres, folder: string) => Promise<DatabaseFront>) | undefined;
}

/** The servers that npm start runs. */
export const DEFAULT_PLATFORM: Platform = {
  name: 'default',
  what: 'one Postgres 18 and one nats-server, as npm start runs them',
  system: {},
  env: {},
  traits: ['one nats-server'],
};

const PLATFORMS: readonly Platform[] = [
  DEFAULT_PLATFORM,
  {
    name: 'cluster',
    what: 'three nats-servers 2.15, streams with three replicas',
    system: { nats: { version: '2.15', nodes: 3 } },
    env: { NATS_STREAM_REPLICAS: '3' },
    traits: ['cluster'],
  },
  {
    name: 'nats215',
    what: 'one nats-server 2.15',
    system: { nats: { version: '2.15' } },
    env: {},
    traits: ['one nats-server'],
  },
  ...(['15', '16', '17'] as const).map(onPostgres),
  {
    ...DEFAULT_PLATFORM,
    name: 'standby',
    what: 'Postgres 18 with a synchronous standby; the apps know both',
    traits: ['one nats-server', 'standby'],
    databaseFront: startStandby,
  },
  {
    ...DEFAULT_PLATFORM,
    name: 'pooler',
    what: 'Postgres 18 behind PgBouncer 1.24 in session mode',
    databaseFront: startPooler,
  },
];

function onPostgres(version: '15' | '16' | '17'): Platform {
  return {
    name: `pg${version}`,
    what: `one Postgres ${version} and one nats-server`,
    system: { postgresVersion: version },
    env: {},
    traits: ['one nats-server'],
  };
}

export const PLATFORM_NAMES = PLATFORMS.map(({ name }) => name);

/** The platforms in words, a line for each. */
export const PLATFORMS_IN_WORDS = PLATFORMS.map(({ name, what }) => `${name.padEnd(10)} ${what}`);

/** @throws UsageError that names the platforms */
export function platformNamed(name: string): Platform {
  const platform = PLATFORMS.find((known) => known.name === name);
  if (platform) return platform;
  throw new UsageError(`--on "${name}" is none of: ${PLATFORM_NAMES.join(', ')}`);
}
