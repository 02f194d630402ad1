import { join } from 'node:path';
import { OPERATOR } from '@orders/contracts/nats-users';
import { Problem } from '../../bootstrap/problem.mjs';
import type { App } from './app.ts';
import { commonEnv, startApps, type Replicas } from './apps.ts';
import type { Child } from './child.ts';
import { build } from './build.ts';
import { clearEnvironments, type Environments, writeEnvironments } from './environments.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { ROOT } from './paths.ts';
import { type AppDeclaration, APPS } from './declarations.ts';
import { freeSystemPorts } from './ports.ts';
import { RunState } from './run-state.ts';
import { CommandFailed, run, type RunOptions } from './run.ts';
import { rotateCertificates } from './rotation.ts';
import { stackSecurity } from './security.ts';
import { startServers } from './servers.ts';
import type { Servers, Site, SystemOptions } from './site.ts';
import { Tasks } from './tasks.ts';
import { appEnvironments, systemUrls, tlsVariables, type AppName, type SystemUrls } from './topology.ts';
import { byName, of } from './wiring.ts';

export interface System extends Servers {
  urls: SystemUrls;
  /** The first replica of each app: the only one unless more were asked for. */
  apps: Record<AppName, App>;
  replicas: Replicas;
  issuer: Pick<Issuer, 'start' | 'stop'>;
  /** A bearer token of the dev issuer; `scopes` is a space separated list, default read and write. */
  token: (sub: string, scopes?: string) => Promise<string>;
  /** Replaces the CA and every certificate; resolves once all processes use the new ones. @throws when it is insecure */
  rotateCertificates(): Promise<void>;
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
    const security = options.insecure ? undefined : await stackSecurity(options.dataDir, apps);
    const site = { options, apps, ports, stack, state, security, tasks: new Tasks({ steps, signal }) };
    const { postgres, nats, issuer } = await startBacking(site);
    const environments = appEnvironments(apps, ports, {
      ...{ nats: nats.url, issuer },
      database: (name) => postgres.urlFor(name, 'app'),
      relayDatabase: (name) => postgres.urlFor(name, 'relay'),
      operatorDatabase: (name) => postgres.urlFor(name, 'operator'),
      tls: security && ((name) => security.certificates.filesOf(name)),
    });
    await migrate(site, environments, postgres);
    stack.defer(() => clearEnvironments(options.dataDir));
    writeEnvironments(options.dataDir, forCommands(site, environments, postgres));
    const rewired = await options.rewire?.(environments, { postgres, nats });
    const replicas = await startApps(site, rewired ?? environments);
    return {
      urls: systemUrls(apps, ports),
      apps: byName(apps, ({ name }) => of(replicas, name)[0] as App),
      replicas,
      postgres,
      nats,
      issuer,
      token: issuer.token,
      rotateCertificates: () => rotateCertificates(security, { postgres, nats, replicas }),
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

type Backing = [built: unknown, servers: Servers, issuer: Issuer];

/** Starts everything that the apps need, in parallel. */
async function startBacking({ options, apps, ports, stack, state, security, tasks }: Site) {
  const onSpawn = (name: string, child: Child): void => state.record(name, child);
  const [, servers, issuer] = await tasks.all<Backing>([
    options.build === false
      ? Promise.resolve()
      : tasks.run('building apps', (signal) => build(signal, { apps: apps.map(({ name }) => name) })),
    startServers({ ...options, security, databases: namesWithDatabase(apps), onSpawn }, tasks, stack),
    tasks.run('dev issuer', async () => {
      const keyFile = join(options.dataDir, 'issuer-key.json');
      const started = await startIssuer({ port: ports.issuer, keyFile });
      stack.defer(() => started.stop());
      return started;
    }),
  ]);
  return { ...servers, issuer };
}

/** The commands of an app run as the operator, who may do other things than the app. */
function forCommands(
  { apps, security }: Site,
  environments: Environments,
  postgres: Servers['postgres'],
): Environments {
  return byName(apps, ({ name, database }) => ({
    ...environments[name],
    ...(database && { DATABASE_URL: postgres.urlFor(name, 'operator') }),
    ...(security && tlsVariables(security.certificates.filesOf(OPERATOR))),
  }));
}

async function migrate(
  { options, apps, tasks }: Site,
  environments: Environments,
  postgres: Servers['postgres'],
): Promise<void> {
  const cwd = options.root ?? ROOT;
  await tasks.run('database migrations', (signal) =>
    Promise.all(
      namesWithDatabase(apps).map((name) => {
        const owner = { DATABASE_URL: postgres.urlFor(name, 'owner') };
        const env = { ...commonEnv(options), ...environments[name], ...owner };
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
