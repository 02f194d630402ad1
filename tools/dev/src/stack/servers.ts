import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import type { Child } from './child.ts';
import { asUser, type DatabaseUser, ensureRoles } from './database-roles.ts';
import { ensureDatabases, withDatabase } from './databases.ts';
import { resolveNatsServer, type NatsVersion } from './nats-binary.ts';
import type { NatsAccess } from './nats-access.ts';
import { NatsCluster } from './nats-cluster.ts';
import { answeringNats, type NatsSecurity, NatsServer } from './nats-server.ts';
import { forApps } from './postgres-security.ts';
import { freePorts } from './ports.ts';
import { EmbeddedPostgres } from './postgres.ts';
import { chosenPostgres, postgresRelease, type PostgresVersion } from './postgres-release.ts';
import { natsSecurity, postgresSecurity, type StackSecurity } from './security.ts';
import { Supervisor } from './supervisor.ts';
import type { Tasks } from './tasks.ts';

export interface ServerOptions {
  dataDir: string;
  /** Use this Postgres server instead of an embedded one. */
  databaseUrl?: string | undefined;
  /** Use this NATS server, or these with commas in between, instead of one of ours. */
  natsUrl?: string | undefined;
  /** Which nats-server, and how many of them: three are a cluster. Default: one of any version that is new enough. */
  nats?: { version?: NatsVersion | undefined; nodes?: 1 | 3 } | undefined;
  /** Apps whose database, and its roles, to create when absent. */
  databases?: readonly string[];
  /** Of the embedded Postgres. Default: what POSTGRES_VERSION names, else 18. */
  postgresVersion?: PostgresVersion | undefined;
  /** Settings of the embedded Postgres, beside the durable defaults. */
  postgresSettings?: Record<string, string> | undefined;
  /** Of our servers. Default: plaintext, and everybody may do everything. */
  security?: StackSecurity | undefined;
  /** Called with each process as it starts. */
  onSpawn?: (name: string, child: Child) => void;
  /** Restart our servers when they die, and report it here. Default: a dead server stays dead. */
  onServerEvent?: ((server: string, text: string) => void) | undefined;
}

export interface Postgres {
  /** URL of a database for our tools: as superuser, with the files of their certificate. */
  url: (database?: string) => string;
  /** URL of an app's database for a process with a certificate of its own. On a server that is not ours, all are the same. */
  urlFor: (app: string, user: DatabaseUser) => string;
  /** undefined when the server is not ours. */
  server: EmbeddedPostgres | undefined;
}

export interface Nats {
  /** Of one server, or of several with commas in between. */
  url: string;
  /** The one of them that answered first. */
  answering: string;
  /** For our tools. */
  access: NatsAccess;
  /** undefined when the server is not ours; of a cluster, its first node. */
  server: NatsServer | undefined;
  /** undefined unless it is a cluster of ours. */
  cluster?: NatsCluster | undefined;
}

/** Starts Postgres and NATS, embedded ones unless URLs of others are given. The stack stops what was started. */
export async function startServers(
  options: ServerOptions,
  tasks: Tasks,
  stack: AsyncDisposableStack,
): Promise<{ postgres: Postgres; nats: Nats }> {
  const [postgres, nats] = await tasks.all<[Postgres, Nats]>([
    startPostgres(options, tasks, stack),
    startNats(options, tasks, stack),
  ]);
  return { postgres, nats };
}

async function startPostgres(
  options: ServerOptions,
  tasks: Tasks,
  stack: AsyncDisposableStack,
): Promise<Postgres> {
  const { dataDir, databaseUrl, databases = [], postgresSettings, onSpawn } = options;
  if (databaseUrl) {
    await tasks.run('databases at DATABASE_URL', () => ensureDatabases(databaseUrl, databases));
    const url = (database?: string): string => (database ? withDatabase(databaseUrl, database) : databaseUrl);
    return { url, urlFor: url, server: undefined };
  }
  return tasks.run('Postgres', async (signal) => {
    const binaries = await postgresRelease(options.postgresVersion ?? chosenPostgres(), signal);
    const [port = 0] = await freePorts(1);
    const server = new EmbeddedPostgres({
      binaries,
      folder: join(dataDir, 'postgres'),
      port,
      signal,
      settings: postgresSettings,
      security: options.security && postgresSecurity(options.security),
      note: (line) => tasks.note(line),
      onSpawn: (child) => onSpawn?.('postgres', child),
    });
    stack.defer(() => server.stop());
    await server.start();
    await ensureDatabases(server.url(), databases);
    await ensureRoles(server.url(), databases);
    stack.defer(supervise('postgres', server, options));
    return {
      url: (database) => server.url(database),
      urlFor: (app, user) => asUser(forApps(server.url(app)), app, user),
      server,
    };
  });
}

/** Starts NATS alone, as {@link startServers} does. */
export async function startNats(
  options: ServerOptions,
  tasks: Tasks,
  stack: AsyncDisposableStack,
): Promise<Nats> {
  const { natsUrl, nats } = options;
  if (natsUrl) {
    const answering = await tasks.run('NATS at NATS_URL', () => answeringNats(natsUrl));
    return { url: natsUrl, answering, access: { url: natsUrl }, server: undefined };
  }
  return tasks.run('nats-server', async (signal, step) => {
    const onTry = (where: string) => step.update(where);
    const binary = await resolveNatsServer({ version: nats?.version, signal, onTry });
    const start = nats?.nodes === 3 ? startNatsCluster : startNatsServer;
    const security = options.security && natsSecurity(options.security);
    return start({ binary, security, signal }, options, stack);
  });
}

interface NatsProgram {
  binary: string;
  security: NatsSecurity | undefined;
  signal: AbortSignal;
}

async function startNatsServer(
  program: NatsProgram,
  options: ServerOptions,
  stack: AsyncDisposableStack,
): Promise<Nats> {
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const server = new NatsServer({
    ...program,
    folder: join(options.dataDir, 'nats'),
    port,
    monitoringPort,
    onSpawn: (child) => options.onSpawn?.('nats-server', child),
  });
  stack.defer(() => server.stop());
  await server.start();
  stack.defer(supervise('nats-server', server, options));
  return { url: server.url, answering: server.url, access: server.access, server };
}

async function startNatsCluster(
  program: NatsProgram,
  options: ServerOptions,
  stack: AsyncDisposableStack,
): Promise<Nats> {
  const { dataDir, onSpawn } = options;
  const cluster = await NatsCluster.create({
    ...program,
    folder: join(dataDir, 'nats'),
    ...(onSpawn && { onSpawn }),
  });
  stack.defer(() => cluster.stop());
  await cluster.start();
  for (const [index, node] of cluster.nodes.entries())
    stack.defer(supervise(`nats-${index + 1}`, node, options));
  const [server] = cluster.nodes;
  const { url, access } = cluster;
  return { url, answering: server!.url, access, server, cluster };
}

/** @returns a function that ends the supervision */
function supervise(
  name: string,
  server: EmbeddedPostgres | NatsServer,
  { onServerEvent }: ServerOptions,
): () => Promise<void> {
  if (!onServerEvent || !server.child) return () => Promise.resolve();
  const start = async (): Promise<Child> => {
    // A new folder would be empty, while the apps still hold state of the old one.
    if (!existsSync(server.folder))
      throw new Problem(`its data in ${server.folder} is gone: end npm start and begin anew`);
    const failure = await server.start().catch((error: unknown) => error);
    if (!server.child) throw failure ?? new Problem('it has ended again');
    return server.child; // not ready yet, perhaps: recovery may take longer than a start
  };
  const supervisor = new Supervisor({ start, onEvent: (text) => onServerEvent(name, text) });
  supervisor.watch(server.child);
  return () => supervisor.end();
}
