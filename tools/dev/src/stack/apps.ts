import { join } from 'node:path';
import { App } from './app.ts';
import { Balancer, REMOVAL_LAG_MS } from './balancer.ts';
import type { Environments } from './environments.ts';
import { freePorts, freeSystemPorts, type SystemPorts } from './ports.ts';
import type { Site, SystemOptions } from './system.ts';
import { APP_NAMES, listening, systemUrls, type AppName } from './topology.ts';
import { ROOT } from './paths.ts';

export type Replicas = Record<AppName, readonly App[]>;

/** Those that others connect to. */
const BALANCED = ['gateway', 'orders'] as const satisfies readonly AppName[];

/** Longer than a balancer takes to notice. */
const SHUTDOWN_WAIT_MS = REMOVAL_LAG_MS + 300;

/** Starts every replica of every app, and resolves once all are ready. Puts them on the stack, to be stopped. */
export async function startApps(site: Site, environments: Environments): Promise<Replicas> {
  const ports = await replicaPorts(site);
  if (ports.length > 1) await balance(site, ports);
  const create = (name: AppName): App[] =>
    ports.map((own, index) => createApp(site, { name, index, ports: own, env: environments[name] }));
  const apps = { gateway: create('gateway'), orders: create('orders'), fulfillment: create('fulfillment') };
  for (const name of APP_NAMES.toReversed())
    site.stack.defer(async () => void (await Promise.all(apps[name].map((app) => app.stop()))));
  await site.tasks.run(`starting ${APP_NAMES.join(', ')}`, (signal) =>
    Promise.all(Object.values(apps).flatMap((replicas) => replicas.map((app) => app.start(signal)))),
  );
  return apps;
}

/** One replica listens on the ports of the system itself; of several none does where a balancer has to. */
async function replicaPorts({ options: { replicas = 1 }, ports }: Site): Promise<SystemPorts[]> {
  if (replicas === 1) return [ports];
  const [gateway = 0, orders = 0] = await freePorts(BALANCED.length);
  const others = Array.from({ length: replicas - 1 }, () => freeSystemPorts());
  return [{ ...ports, gateway, orders }, ...(await Promise.all(others))];
}

async function balance(site: Site, replicas: readonly SystemPorts[]): Promise<void> {
  for (const name of BALANCED) {
    const upstreams = replicas.map((ports) => ({ port: ports[name], readyUrl: readyUrl(ports, name) }));
    const balancer = await Balancer.listen(site.ports[name], upstreams);
    site.stack.defer(() => balancer.close());
  }
}

function readyUrl(ports: SystemPorts, name: AppName): string {
  return `${systemUrls(ports).management[name]}/readyz`;
}

interface Replica {
  name: AppName;
  index: number;
  ports: SystemPorts;
  env: Record<string, string>;
}

function createApp({ options, state }: Site, { name: app, index, ports, env }: Replica): App {
  const { replicas = 1, root = ROOT } = options;
  const name = index === 0 ? app : `${app}-${index + 1}`;
  const wait = replicas === 1 ? {} : { SHUTDOWN_WAIT_MS: String(SHUTDOWN_WAIT_MS) };
  return new App({
    app,
    name,
    root,
    env: {
      ...commonEnv(options),
      OTEL_SERVICE_NAME: app,
      ...wait,
      ...env,
      ...listening(ports)[app],
      ...options.env,
    },
    management: systemUrls(ports).management[app],
    onLine: (line) => options.onLine?.(name, line),
    logFile: options.logFolder && join(options.logFolder, `${name}.log`),
    onEvent: (text) => options.onEvent?.(name, text),
    onSpawn: (child) => state.record(name, child),
  });
}

/**
 * What the apps get besides their own wiring; servers and ports of the shell are not theirs. Two arenas of malloc, as in
 * the image, instead of eight a core: 6 to 17 MiB less of a loaded app (docs/performance.md).
 */
export function commonEnv({ dataDir, env }: Pick<SystemOptions, 'dataDir' | 'env'>): NodeJS.ProcessEnv {
  const { DATABASE_URL: _url, NATS_URL: _nats, PORT: _port, ...inherited } = process.env;
  const compileCache = join(dataDir, 'compile-cache');
  return {
    MALLOC_ARENA_MAX: '2',
    ...inherited,
    NODE_COMPILE_CACHE: compileCache,
    SHUTDOWN_WAIT_MS: '0',
    ...env,
  };
}
