import { createWriteStream, mkdirSync } from 'node:fs';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removePostgres } from '@orders/dev/stack/postgres';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import type { Environments } from '@orders/dev/stack/environments';
import { LOCAL } from '@orders/dev/stack/paths';
import { OPEN_FOLDER } from '@orders/dev/stack/server-account';
import type { Nats, Postgres } from '@orders/dev/stack/servers';
import { startSystem, type System } from '@orders/dev/stack/system';
import type { Servers } from '@orders/dev/stack/site';
import type { Steps } from '@orders/dev/stack/tasks';
import { of } from '@orders/dev/stack/wiring';
import { Disk } from './disk.ts';
import type { DatabaseFront } from './database-front.ts';
import { CLIENT_EDGE, DATABASE_VARIABLES, EDGES } from './edges.ts';
import { thisMachine } from './machine.ts';
import { DEFAULT_PLATFORM, type Platform } from './platform.ts';
import { ArmedPoints } from './prove-build/armed-points.ts';
import { ProxiedEdge } from './proxied-edge.ts';

/** The edges by their names. */
export type Edges = Record<string, ProxiedEdge>;

/** The disk that holds the data of each server. */
export interface Disks {
  postgres: Disk;
  'nats-server': Disk;
}

export interface SystemUnderProof {
  system: System;
  edges: Edges;
  /** A disk for each server; undefined where the machine cannot have them. */
  disks: Disks | undefined;
  /** undefined where the apps reach Postgres directly. */
  front: DatabaseFront | undefined;
  /** Makes apps die at a crash point. */
  armed: ArmedPoints;
  /** Where the clients send their requests. */
  api: string;
  /** The address of the debugger of each process that has opened one, by the name of the process. */
  debuggers: Map<string, string>;
  /** Unexpected events, such as the death of an app. Each reader empties the list. */
  alarms: string[];
  stop(): Promise<void>;
}

/** A line of a log that must never be written. */
const FORBIDDEN = /uncaughtException|unhandledRejection|"level":60|"level":"fatal"|Bearer ey/;

/** Each process opens its debugger at a port of its own. */
const FREE_DEBUG_PORT = '--inspect-port=0';

export interface StartOptions {
  folder: string;
  /** A prove build. */
  root: string;
  /** Settings of Postgres, for instance unsafe ones that the proof must notice. */
  postgresSettings?: Record<string, string> | undefined;
  /** Default: {@link DEFAULT_PLATFORM}. */
  platform?: Platform | undefined;
  steps?: Steps;
  signal: AbortSignal;
}

/** Removes the folder of a system that has stopped, and what its servers keep elsewhere. */
export function removeData(folder: string): void {
  for (const server of ['postgres', 'standby']) removePostgres(join(folder, 'data', server));
  rmSync(folder, { recursive: true, force: true });
}

/** Starts the whole system on free ports: two replicas of each app, and a fault proxy on every edge. */
export async function startUnderProof({
  folder,
  platform = DEFAULT_PLATFORM,
  ...options
}: StartOptions): Promise<SystemUnderProof> {
  const edges: Edges = {};
  let disks: Disks | undefined;
  let front: DatabaseFront | undefined;
  const armed = new ArmedPoints(join(folder, 'crash-points'));
  const { alarms, debuggers, ...observers } = observe(join(folder, 'logs'));
  const stack = new AsyncDisposableStack();
  stack.defer(async () => {
    await Promise.all(Object.values(edges).map((edge) => edge.close()));
    await front?.stop();
    await Promise.all(Object.values(disks ?? {}).map((disk: Disk) => disk.unmount()));
  });
  try {
    const system = await startSystem({
      ...options,
      ...platform.system,
      ...observers,
      dataDir: join(folder, 'data'),
      build: false,
      // Apps and migrations would refuse the unsafe Postgres of the control group.
      env: { POSTGRES_DURABILITY: 'unchecked', NODE_OPTIONS: FREE_DEBUG_PORT },
      replicas: 2,
      rewire: async (environments, servers) => {
        if ((await thisMachine()).disks === undefined)
          disks = await mountDisks(servers, join(folder, 'disks'));
        front = await platform.databaseFront?.(servers.postgres.server!, join(folder, 'data'));
        return rewire(environments, { edges, armed, env: platform.env, front });
      },
    });
    stack.defer(() => system.stop()); // stops first: a clean stop needs the edges
    const clients = await ProxiedEdge.through(CLIENT_EDGE, [system.urls.api]);
    edges[CLIENT_EDGE] = clients.edge;
    const api = new URL(clients.addresses[0]!).origin;
    const stop = () => stack.disposeAsync();
    return { system, edges, disks, front, armed, api, debuggers, alarms, stop };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Logs what apps print and what happens to them. An alarm is what was not expected. */
function observe(logs: string) {
  const log = openLogs(logs);
  const alarms: string[] = [];
  const debuggers = new Map<string, string>();
  const onLine = (app: string, line: string): void => {
    log(app, line);
    const [, debuggerAt] = /^Debugger listening on (\S+)/.exec(line) ?? [];
    if (debuggerAt !== undefined) debuggers.set(app, debuggerAt);
    if (FORBIDDEN.test(line)) alarms.push(`${app} wrote: ${line.slice(0, 300)}`);
  };
  const onEvent = (app: string, text: string): void => {
    log(app, `supervisor: ${text}`);
    if (text.startsWith('died')) alarms.push(`${app} ${text}`);
  };
  return { alarms, debuggers, onLine, onEvent };
}

/** Moves the data of each server, which is not in use yet, onto a disk of its own. */
async function mountDisks({ postgres, nats }: Servers, folder: string): Promise<Disks> {
  await Disk.unmountLeftovers([LOCAL, OPEN_FOLDER]);
  const mountDisk = async (name: string, server: Postgres['server'] | Nats['server']): Promise<Disk> => {
    if (!server) throw new Problem('the proof needs servers of its own');
    await server.stop();
    const disk = await Disk.under(server.folder, join(folder, `${name}.img`));
    await server.start();
    return disk;
  };
  const [onPostgres, onNats] = [
    await mountDisk('postgres', postgres.server),
    await mountDisk('nats-server', nats.server),
  ];
  return { postgres: onPostgres, 'nats-server': onNats };
}

interface Wiring {
  edges: Edges;
  armed: ArmedPoints;
  env: Platform['env'];
  front: DatabaseFront | undefined;
}

/** Puts a proxy between each app and what it connects to, and gives each app the folder of its armed crash points. */
async function rewire(
  environments: Environments,
  { edges, armed, env, front }: Wiring,
): Promise<Environments> {
  const rewired: Environments = {};
  for (const [app, environment] of Object.entries(environments))
    rewired[app] = { ...environment, ...env, ...armed.environmentOf(app) };
  if (front)
    for (const environment of Object.values(rewired))
      for (const variable of DATABASE_VARIABLES) {
        const url = environment[variable];
        if (url) environment[variable] = front.through(url);
      }
  for (const { name, configuredBy } of EDGES) {
    if (!configuredBy) continue;
    const { app, variables } = configuredBy;
    const environment = of(rewired, app);
    const { edge, addresses } = await ProxiedEdge.through(
      name,
      variables.map((variable) => of(environment, variable)),
    );
    edges[name] = edge;
    for (const [index, variable] of variables.entries()) environment[variable] = addresses[index]!;
  }
  return rewired;
}

function openLogs(folder: string): (app: string, line: string) => void {
  mkdirSync(folder, { recursive: true });
  const streams = new Map<string, ReturnType<typeof createWriteStream>>();
  return (app, line) => {
    const stream = streams.get(app) ?? createWriteStream(join(folder, `${app}.log`), { flags: 'a' });
    streams.set(app, stream);
    stream.write(`${line}\n`);
  };
}
