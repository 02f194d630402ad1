import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { permissionsOf } from '@orders/contracts/nats-users';
import { Problem } from '../../bootstrap/problem.mjs';
import { Child, describeExit } from './child.ts';
import { connectNats, type NatsAccess } from './nats-access.ts';
import { natsServers } from './server-urls.ts';
import type { Tls } from './tls-files.ts';
import { answersOk, until } from './until.ts';

export interface NatsServerOptions {
  binary: string;
  /** Holds the streams, the configuration and the log; kept between starts. */
  folder: string;
  port: number;
  monitoringPort: number;
  /** Makes it a node of a cluster. Default: a server of its own. */
  node?: ClusterNode | undefined;
  /** Default true. */
  jetStream?: boolean;
  /** Clients must show a certificate of one of its users. Default: plaintext, and everybody may do everything. */
  security?: NatsSecurity | undefined;
  signal?: AbortSignal | undefined;
  onSpawn?: (child: Child) => void;
}

export interface NatsSecurity {
  /** Of the servers, also to each other. */
  server: Tls;
  /** Of the tools. */
  tools: Tls;
  /** Each is a DNS name of a certificate, with what its bearer may do. */
  users: readonly NatsAccount[];
}

/** In the words of nats-server. */
export interface NatsAccount {
  readonly user: string;
  /** Default: all subjects. */
  readonly permissions?: ReturnType<typeof permissionsOf>;
}

export interface ClusterNode {
  /** The same at each start. */
  name: string;
  /** Name of the cluster. */
  cluster: string;
  /** Where it listens to the other nodes. */
  port: number;
  /** Ports at which it reaches each of the other nodes. */
  routes: readonly number[];
}

/** A real nats-server with JetStream on 127.0.0.1. Start and stop it as often as you like: streams and ports stay. */
export class NatsServer {
  readonly url: string;
  /** Holds the streams. */
  readonly folder: string;
  /** Base URL of its monitoring endpoints (/varz, /jsz, /healthz). */
  readonly monitoringUrl: string;
  readonly #options: NatsServerOptions;
  #child: Child | undefined;

  constructor(options: NatsServerOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.url = options.security ? `tls://localhost:${options.port}` : `nats://127.0.0.1:${options.port}`;
    this.monitoringUrl = `http://127.0.0.1:${options.monitoringPort}`;
  }

  /** For our tools. */
  get access(): NatsAccess {
    return { url: this.url, tls: this.#options.security?.tools };
  }

  /** The process, while it runs. */
  get child(): Child | undefined {
    return this.#child?.running ? this.#child : undefined;
  }

  /** Resolves once JetStream is ready; that of a cluster also needs most of its nodes. */
  async start(): Promise<void> {
    const { binary, folder, signal, onSpawn } = this.#options;
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'nats-server.conf');
    writeFileSync(config, this.#configuration());
    const log = openSync(this.#logFile(), 'a');
    const child = await Child.spawn({ command: binary, args: ['-c', config], output: log });
    closeSync(log);
    this.#child = child;
    onSpawn?.(child);
    await until(() => this.#isReady(child), { timeoutMs: 30_000, signal, what: 'nats-server' });
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
  }

  /** Kills it with SIGKILL, without a clean stop. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
  }

  /** Makes it read its certificates again, and resolves once it has. Connections stay. */
  async reload(): Promise<void> {
    const before = await this.#configTime();
    this.child?.kill('SIGHUP');
    const isLoaded = async () => (await this.#configTime()) !== before;
    await until(isLoaded, { timeoutMs: 10_000, signal: this.#options.signal, what: 'nats-server to reload' });
  }

  /** Deletes what it has stored. Call it while the server does not run. */
  wipe(): void {
    rmSync(join(this.folder, 'jetstream'), { recursive: true, force: true });
  }

  /** When it has read its configuration. */
  async #configTime(): Promise<string> {
    const answer = await fetch(`${this.monitoringUrl}/varz`, { signal: AbortSignal.timeout(2_000) });
    return ((await answer.json()) as { config_load_time: string }).config_load_time;
  }

  async #isReady(child: Child): Promise<boolean> {
    if (!child.running) {
      const how = describeExit(await child.exited);
      const lastLine = readFileSync(this.#logFile(), 'utf8').trimEnd().split('\n').at(-1);
      throw new Problem(`nats-server ended with ${how} while starting: ${lastLine}`);
    }
    const { jetStream = true } = this.#options;
    return answersOk(`${this.monitoringUrl}/healthz${jetStream ? '?js-enabled-only=true' : ''}`);
  }

  /**
   * The system does not rely on what the server keeps (the outbox log publishes again what a stream loses), so the server
   * need not sync each message: that costs nine tenths of its throughput (docs/adr/0010-nats-need-not-be-durable.md).
   */
  #configuration(): string {
    const { folder, port, monitoringPort, node, security, jetStream = true } = this.#options;
    return [
      `listen: "127.0.0.1:${port}"`,
      `http: "127.0.0.1:${monitoringPort}"`,
      ...(jetStream ? [`jetstream { store_dir: ${JSON.stringify(folder)}, sync_interval: "1s" }`] : []),
      ...(security ? securityConfiguration(security) : []),
      ...(node ? clusterConfiguration(node, security?.server) : []),
      '',
    ].join('\n');
  }

  #logFile(): string {
    return join(this.#options.folder, 'nats-server.log');
  }
}

/** Nodes do not dial the addresses that others advertise, so that all their traffic takes the routes given here. */
function clusterConfiguration({ name, cluster, port, routes }: ClusterNode, tls: Tls | undefined): string[] {
  return [
    `server_name: ${name}`,
    'cluster {',
    `  name: ${cluster}`,
    `  listen: "127.0.0.1:${port}"`,
    '  cluster_advertise: "127.0.0.1:1"',
    `  routes: [${routes.map((route) => `"nats://localhost:${route}"`).join(', ')}]`,
    ...(tls ? [`  tls ${tlsBlock({ ...tls, verify: true })}`] : []),
    '}',
  ];
}

function securityConfiguration({ server, users }: NatsSecurity): string[] {
  return [
    `tls ${tlsBlock({ ...server, verify_and_map: true })}`,
    `authorization { users: ${JSON.stringify(users)} }`,
  ];
}

function tlsBlock({ cert, key, ca, ...rest }: Tls & Record<string, unknown>): string {
  return JSON.stringify({ cert_file: cert, key_file: key, ca_file: ca, ...rest });
}

/**
 * Returns the first of these servers that answers within five seconds.
 * @param url of one server, or of several with commas in between
 * @throws Problem with the reason of each when none does, or one without JetStream does
 */
export async function answeringNats(url: string): Promise<string> {
  const reasons: string[] = [];
  for (const server of natsServers(url)) {
    try {
      const connection = await connectNats({ url: server }, { timeout: 5_000, reconnect: false });
      const { jetstream } = connection.info ?? {};
      await connection.close();
      if (jetstream) return server;
      reasons.push('JetStream is off there');
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Problem(`NATS_URL cannot be used: ${reasons.join(', ')}`);
}
