import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import type { App } from './app.ts';
import { commonEnv, startApps, type Replicas } from './apps.ts';
import type { Child } from './child.ts';
import { build } from './build.ts';
import { clearEnvironments, type Environments, writeEnvironments } from './environments.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { ROOT } from './paths.ts';
import { freeSystemPorts, type SystemPorts } from './ports.ts';
import { RunState } from './run-state.ts';
import { CommandFailed, run, type RunOptions } from './run.ts';
import { startServers, type Nats, type Postgres, type ServerOptions } from './servers.ts';
import { Tasks, type Steps } from './tasks.ts';
import { appEnvironments, DATABASES, systemUrls, type AppName } from './topology.ts';

export interface SystemOptions extends Pick<
  ServerOptions,
  'databaseUrl' | 'natsUrl' | 'postgresSettings' | 'onServerEvent'
> {
  /** Holds all state: databases, streams, the issuer's key. Kept on stop. */
  dataDir: string;
  /** Default: free ones. */
  ports?: SystemPorts;
  /** More environment for every app, e.g. OTEL_EXPORTER_OTLP_ENDPOINT or LOG_LEVEL. */
  env?: NodeJS.ProcessEnv;
  /** Build the apps first. Default true. */
  build?: boolean;
  /** Folder with apps/ and node_modules/. Default: the workspace. */
  root?: string;
  /** Processes of each app, default 1. Of several, gateway and orders are behind a balancer on the port of the app. */
  replicas?: number;
  /** The last word on what each app is told, once the servers run: e.g. to put something between it and them. */
  rewire?: (environments: Environments, servers: Servers) => Promise<Environments>;
  /** Each line that an app prints; the second replica of orders is `orders-2`. */
  onLine?: (app: string, line: string) => void;
  /** An existing folder: they go to orders-2.log in there instead, and likewise. */
  logFolder?: string;
  /** What happened to an app, e.g. that it died and is started again. */
  onEvent?: (app: string, text: string) => void;
  /** Shows progress. Default: silent. */
  steps?: Steps;
  /** Aborting stops what runs, in order, and rejects with its reason. */
  signal?: AbortSignal;
}

export interface Servers {
  postgres: Postgres;
  nats: Nats;
}

export interface System extends Servers {
  urls: ReturnType<typeof systemUrls>;
  /** The first replica of each app: the only one unless more were asked for. */
  apps: Record<AppName, App>;
  replicas: Replicas;
  /** A bearer token of the dev issuer; `scopes` is a space separated list, default read and write. */
  token: (sub: string, scopes?: string) => Promise<string>;
  /** Stops apps, issuer, NATS and Postgres, in this order; nothing is left running when it resolves. */
  stop(): Promise<void>;
}

/**
 * Starts the whole system on 127.0.0.1 and resolves once every app is ready.
 * @throws Problem (or the signal's reason) after stopping whatever had been started
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { steps, signal, ports = await freeSystemPorts() } = options;
  const stack = new AsyncDisposableStack();
  const state = new RunState(join(options.dataDir, 'run.json'));
  stack.defer(() => state.clear());
  try {
    const site = { options, ports, stack, state, tasks: new Tasks({ steps, signal }) };
    const { postgres, nats, issuer } = await startBacking(site);
    const environments = appEnvironments(ports, { database: postgres.url, nats: nats.url, issuer });
    await migrate(site, environments);
    stack.defer(() => clearEnvironments(options.dataDir));
    writeEnvironments(options.dataDir, environments);
    const rewired = await options.rewire?.(environments, { postgres, nats });
    const replicas = await startApps(site, rewired ?? environments);
    const stop = (): Promise<void> => stack.disposeAsync();
    const apps = firstOf(replicas);
    return { urls: systemUrls(ports), apps, replicas, postgres, nats, token: issuer.token, stop };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A system under construction: the stack stops what has been started so far, last first. */
export interface Site {
  options: SystemOptions;
  ports: SystemPorts;
  stack: AsyncDisposableStack;
  state: RunState;
  tasks: Tasks;
}

type Backing = [built: unknown, servers: Servers, issuer: Issuer];

/** Everything that the apps need before they start, side by side. */
async function startBacking({ options, ports, stack, state, tasks }: Site) {
  const onSpawn = (name: string, child: Child): void => state.record(name, child);
  const [, servers, issuer] = await tasks.all<Backing>([
    options.build === false ? Promise.resolve() : tasks.run('building apps', build),
    startServers({ ...options, databases: DATABASES, onSpawn }, tasks, stack),
    tasks.run('dev issuer', async () => {
      const keyFile = join(options.dataDir, 'issuer-key.json');
      const started = await startIssuer({ port: ports.issuer, keyFile });
      stack.defer(() => started.stop());
      return started;
    }),
  ]);
  return { ...servers, issuer };
}

async function migrate({ options, tasks }: Site, environments: Environments): Promise<void> {
  const cwd = options.root ?? ROOT;
  await tasks.run('database migrations', (signal) =>
    Promise.all(
      DATABASES.map((name) => {
        const env = { ...commonEnv(options), ...environments[name] };
        return runMigration(name, { cwd, signal, env });
      }),
    ),
  );
}

async function runMigration(name: string, options: RunOptions): Promise<void> {
  try {
    await run(process.execPath, [`apps/${name}/dist/migrate.js`], options);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Problem(`The migrations of ${name} failed:\n${error.output.trimEnd()}`, { cause: error });
  }
}

function firstOf(replicas: Replicas): Record<AppName, App> {
  return Object.fromEntries(Object.entries(replicas).map(([name, [first]]) => [name, first])) as Record<
    AppName,
    App
  >;
}
