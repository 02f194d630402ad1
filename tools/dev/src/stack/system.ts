import { join } from 'node:path';
import { App } from './app.ts';
import { build } from './build.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { ROOT } from './paths.ts';
import { freeSystemPorts, type SystemPorts } from './ports.ts';
import { RunState } from './run-state.ts';
import { run } from './run.ts';
import { startServers, type Nats, type Postgres, type ServerOptions } from './servers.ts';
import { Tasks, type Steps } from './tasks.ts';
import { appEnvironments, APP_NAMES, DATABASES, systemUrls, type AppName } from './topology.ts';

export interface SystemOptions extends Pick<ServerOptions, 'databaseUrl' | 'natsUrl'> {
  /** Holds all state: databases, streams, the issuer's key. Kept on stop. */
  dataDir: string;
  /** Default: free ones. */
  ports?: SystemPorts;
  /** More environment for every app, e.g. OTEL_EXPORTER_OTLP_ENDPOINT or LOG_LEVEL. */
  env?: NodeJS.ProcessEnv;
  /** Compile first. Default true. */
  build?: boolean;
  /** Folder with apps/ and node_modules/. Default: the workspace. */
  root?: string;
  /** Each line that an app prints. */
  onLine?: (app: AppName, line: string) => void;
  /** What happened to an app, e.g. that it died and is started again. */
  onEvent?: (app: AppName, text: string) => void;
  /** Shows progress. Default: silent. */
  steps?: Steps;
  /** Aborting stops what runs, in order, and rejects with its reason. */
  signal?: AbortSignal;
}

export interface System {
  urls: ReturnType<typeof systemUrls>;
  apps: Record<AppName, App>;
  postgres: Postgres;
  nats: Nats;
  /** A bearer token of the dev issuer; `scopes` is a space separated list, default read and write. */
  token(sub: string, scopes?: string): Promise<string>;
  /** Stops apps, issuer, NATS and Postgres, in this order; nothing is left running when it resolves. */
  stop(): Promise<void>;
}

/**
 * Starts the whole system on 127.0.0.1 and resolves once every app is ready.
 * @throws Problem (or the signal's reason) after stopping whatever had been started
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { dataDir, steps, signal, ports = await freeSystemPorts() } = options;
  const stack = new AsyncDisposableStack();
  const state = new RunState(join(dataDir, 'run.json'));
  stack.defer(() => state.clear());
  try {
    const tasks = new Tasks({ steps, signal });
    const [, { postgres, nats }, issuer] = await tasks.all<
      [unknown, { postgres: Postgres; nats: Nats }, Issuer]
    >([
      options.build === false ? Promise.resolve() : tasks.run('building apps and libs', build),
      startServers(
        { ...options, databases: DATABASES, onSpawn: (name, child) => state.record(name, child) },
        tasks,
        stack,
      ),
      startIssuerTask(ports.issuer, dataDir, tasks, stack),
    ]);
    const environments = appEnvironments(ports, { database: postgres.url, nats: nats.url, issuer });
    const spec = { ...options, ports, environments, common: commonEnv(options) };
    await migrate(spec, tasks);
    const apps = createApps(spec, state);
    for (const name of APP_NAMES.toReversed()) stack.defer(async () => void (await apps[name].stop()));
    await tasks.run(`starting ${APP_NAMES.join(', ')}`, (aborted) =>
      Promise.all(APP_NAMES.map((name) => apps[name].start(aborted))),
    );
    return {
      urls: systemUrls(ports),
      apps,
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

interface AppsSpec extends SystemOptions {
  ports: SystemPorts;
  common: NodeJS.ProcessEnv;
  environments: ReturnType<typeof appEnvironments>;
}

function startIssuerTask(
  port: number,
  dataDir: string,
  tasks: Tasks,
  stack: AsyncDisposableStack,
): Promise<Issuer> {
  return tasks.run('dev issuer', async () => {
    const issuer = await startIssuer({ port, keyFile: join(dataDir, 'issuer-key.json') });
    stack.defer(() => issuer.stop());
    return issuer;
  });
}

/** What the apps get besides their own wiring; servers and ports of the shell are not theirs. */
function commonEnv({ dataDir, env }: SystemOptions): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, NATS_URL: _nats, PORT: _port, ...inherited } = process.env;
  return { ...inherited, NODE_COMPILE_CACHE: join(dataDir, 'compile-cache'), SHUTDOWN_WAIT_MS: '0', ...env };
}

async function migrate({ root = ROOT, common, environments }: AppsSpec, tasks: Tasks): Promise<void> {
  await tasks.run('database migrations', (signal) =>
    Promise.all(
      DATABASES.map((name) =>
        run(process.execPath, [`apps/${name}/dist/migrate.js`], {
          cwd: root,
          signal,
          env: { ...common, ...environments[name] },
        }),
      ),
    ),
  );
}

function createApps(spec: AppsSpec, state: RunState): Record<AppName, App> {
  const { management } = systemUrls(spec.ports);
  const create = (name: AppName): App =>
    new App({
      name,
      root: spec.root ?? ROOT,
      env: { ...spec.common, OTEL_SERVICE_NAME: name, ...spec.environments[name] },
      management: management[name],
      onLine: (line) => spec.onLine?.(name, line),
      onEvent: (text) => spec.onEvent?.(name, text),
      onSpawn: (child) => state.record(name, child),
    });
  return { gateway: create('gateway'), orders: create('orders'), fulfillment: create('fulfillment') };
}
