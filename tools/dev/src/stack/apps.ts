import { join } from 'node:path';
import { App } from './app.ts';
import { Balancer, REMOVAL_LAG_MS } from './balancer.ts';
import type { Environments } from './environments.ts';
import type { AppDeclaration } from './declarations.ts';
import { freeSystemPorts, type SystemPorts } from './ports.ts';
import type { Site, SystemOptions } from './site.ts';
import { listening, managementUrl, type AppName } from './topology.ts';
import { type AppPorts, byName, of } from './wiring.ts';
import { ROOT } from './paths.ts';

export type Replicas = Record<AppName, readonly App[]>;

/** Longer than a balancer takes to remove a replica. */
const SHUTDOWN_WAIT_MS = REMOVAL_LAG_MS + 300;

/** Starts every replica of every app, and resolves once all are ready. The stack stops them. */
export async function startApps(site: Site, environments: Environments): Promise<Replicas> {
  const ports = await replicaPorts(site);
  if (ports.length > 1) await balance(site, ports);
  const replicas = byName(site.apps, ({ name }) =>
    ports.map(({ apps }, index) =>
      createApp(site, { app: name, index, ports: of(apps, name), env: of(environments, name) }),
    ),
  );
  for (const { name } of site.apps.toReversed())
    site.stack.defer(async () => void (await Promise.all(of(replicas, name).map((app) => app.stop()))));
  await site.tasks.run(`starting ${site.apps.map(({ name }) => name).join(', ')}`, (signal) =>
    Promise.all(Object.values(replicas).flatMap((apps) => apps.map((app) => app.start({ signal })))),
  );
  return replicas;
}

/** A single replica listens on the ports of the system. With several, a balancer listens there instead. */
async function replicaPorts({ options: { replicas = 1 }, apps, ports }: Site): Promise<SystemPorts[]> {
  if (replicas === 1) return [ports];
  const own = await Promise.all(Array.from({ length: replicas }, () => freeSystemPorts(apps)));
  const [first, ...others] = own as [SystemPorts, ...SystemPorts[]];
  const managed = ({ name }: AppDeclaration): AppPorts => ({
    ...of(first.apps, name),
    management: of(ports.apps, name).management,
  });
  return [{ ...first, apps: byName(apps, managed) }, ...others];
}

/** Puts a balancer before each port that an app answers on; its management port is that of the first replica. */
async function balance(site: Site, replicas: readonly SystemPorts[]): Promise<void> {
  for (const { name } of site.apps) {
    for (const kind of ['http', 'grpc'] as const) {
      const port = of(site.ports.apps, name)[kind];
      if (port === undefined) continue;
      const upstreams = replicas.map(({ apps }) => ({
        port: of(apps, name)[kind] ?? 0,
        readyUrl: `${managementUrl(of(apps, name))}/readyz`,
      }));
      const balancer = await Balancer.listen(port, upstreams);
      site.stack.defer(() => balancer.close());
    }
  }
}

interface Replica {
  app: AppName;
  index: number;
  ports: AppPorts;
  env: Record<string, string>;
}

function createApp({ options, state }: Site, { app, index, ports, env }: Replica): App {
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
      ...listening(ports),
      ...options.env,
    },
    management: managementUrl(ports),
    onLine: (line) => options.onLine?.(name, line),
    logFile: options.logFolder && join(options.logFolder, `${name}.log`),
    onEvent: (text) => options.onEvent?.(name, text),
    onSpawn: (child) => state.record(name, child),
  });
}

/** What the wiring of an app sets, or leaves out. */
const OWN = /^((RELAY_|DIRECT_)?DATABASE_URL|NATS_(?!STREAM_)\w+|STORAGE|PORT|TLS_\w+)$/;

/**
 * Environment of every app besides its own wiring; servers, certificates, storage and ports of the shell are left out.
 * Malloc has two arenas, as in the image, instead of eight a core: that saves 6 to 17 MiB of a loaded app
 * (docs/performance.md).
 */
export function commonEnv({ dataDir, env }: Pick<SystemOptions, 'dataDir' | 'env'>): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN.test(name)));
  const compileCache = join(dataDir, 'compile-cache');
  return {
    MALLOC_ARENA_MAX: '2',
    ...inherited,
    NODE_COMPILE_CACHE: compileCache,
    SHUTDOWN_WAIT_MS: '0',
    ...env,
  };
}
