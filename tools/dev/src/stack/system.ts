import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import type { App } from './app.ts';
import { commonEnv, startApps, type Replicas } from './apps.ts';
import type { Child } from './child.ts';
import { build } from './build.ts';
import { clearEnvironments, type Environments, writeEnvironments } from './environments.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { ROOT } from './paths.ts';
import { type AppDeclaration, APPS } from './declarations.ts';
import { freeSystemPorts, type SystemPorts } from './ports.ts';
import { RunState } from './run-state.ts';
import { CommandFailed, run, type RunOptions } from './run.ts';
import { startServers, type Nats, type Postgres, type ServerOptions } from './servers.ts';
import { Tasks, type Steps } from './tasks.ts';
import { appEnvironments, systemUrls, type AppName, type SystemUrls } from './topology.ts';
import { byName, of } from './wiring.ts';

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
  /** Those of `root` that run. Default: every app of the workspace. */
  apps?: readonly AppDeclaration[];
  /** Processes of each app, default 1. Several are behind a balancer on each port of the app. */
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
  urls: SystemUrls;
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
  const { steps, signal, apps = APPS, ports = await freeSystemPorts(apps) } = options;
  const stack = new AsyncDisposableStack();
  const state = new RunState(join(options.dataDir, 'run.json'));
  stack.defer(() => state.clear());
  try {
    const site = { options, apps, ports, stack, state, tasks: new Tasks({ steps, signal }) };
    const { postgres, nats, issuer } = await startBacking(site);
    const environments = appEnvironments(apps, ports, { database: postgres.url, nats: nats.url, issuer });
    await migrate(site, environments);
    stack.defer(() => clearEnvironments(options.dataDir));
    writeEnvironments(options.dataDir, environments);
    const rewired = await options.rewire?.(environments, { postgres, nats });
    const replicas = await startApps(site, rewired ?? environments);
    return {
      urls: systemUrls(apps, ports),
      apps: byName(apps, ({ name }) => of(replicas, name)[0] as App),
      replicas,
      postgres,
      nats,
      token: issuer.token,
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** A system under construction: the stack stops what has been started so far, last first. */
export interface Site {
  options: SystemOptions;
  apps: readonly AppDeclaration[];
  ports: SystemPorts;
  stack: AsyncDisposableStack;
  state: RunState;
  tasks: Tasks;
}

type Backing = [built: unknown, servers: Servers, issuer: Issuer];

/** Everything that the apps need before they start, side by side. */
async function startBacking({ options, apps, ports, stack, state, tasks }: Site) {
  const onSpawn = (name: string, child: Child): void => state.record(name, child);
  const [, servers, issuer] = await tasks.all<Backing>([
    options.build === false ? Promise.resolve() : tasks.run('building apps', build),
    startServers({ ...options, databases: namesWithDatabase(apps), onSpawn }, tasks, stack),
    tasks.run('dev issuer', async () => {
      const keyFile = join(options.dataDir, 'issuer-key.json');
      const started = await startIssuer({ port: ports.issuer, keyFile });
      stack.defer(() => started.stop());
      return started;
    }),
  ]);
  return { ...servers, issuer };
}

async function migrate({ options, apps, tasks }: Site, environments: Environments): Promise<void> {
  const cwd = options.root ?? ROOT;
  await tasks.run('database migrations', (signal) =>
    Promise.all(
      namesWithDatabase(apps).map((name) => {
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

function namesWithDatabase(apps: readonly AppDeclaration[]): AppName[] {
  return apps.filter(({ database }) => database).map(({ name }) => name);
}
