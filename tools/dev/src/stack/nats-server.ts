import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { Problem } from '../../bootstrap/problem.mjs';
import { Child, describeExit } from './child.ts';
import { natsServers } from './server-urls.ts';
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
  signal?: AbortSignal | undefined;
  onSpawn?: (child: Child) => void;
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
    this.url = `nats://127.0.0.1:${options.port}`;
    this.monitoringUrl = `http://127.0.0.1:${options.monitoringPort}`;
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

  /** Deletes what it has stored. Call it while the server does not run. */
  wipe(): void {
    rmSync(join(this.folder, 'jetstream'), { recursive: true, force: true });
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
    const { folder, port, monitoringPort, node, jetStream = true } = this.#options;
    return [
      `listen: "127.0.0.1:${port}"`,
      `http: "127.0.0.1:${monitoringPort}"`,
      ...(jetStream ? [`jetstream { store_dir: ${JSON.stringify(folder)}, sync_interval: "1s" }`] : []),
      ...(node ? clusterConfiguration(node) : []),
      '',
    ].join('\n');
  }

  #logFile(): string {
    return join(this.#options.folder, 'nats-server.log');
  }
}

/** Nodes do not dial the addresses that others advertise, so that all their traffic takes the routes given here. */
function clusterConfiguration({ name, cluster, port, routes }: ClusterNode): string[] {
  return [
    `server_name: ${name}`,
    'cluster {',
    `  name: ${cluster}`,
    `  listen: "127.0.0.1:${port}"`,
    '  cluster_advertise: "127.0.0.1:1"',
    `  routes: [${routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')}]`,
    '}',
  ];
}

/**
 * Returns the first of these servers that answers within three seconds.
 * @param url of one server, or of several with commas in between
 * @throws Problem with the reason of each when none does, or one without JetStream does
 */
export async function answeringNats(url: string): Promise<string> {
  const reasons: string[] = [];
  for (const server of natsServers(url)) {
    try {
      const connection = await connect({ servers: server, timeout: 3000, reconnect: false });
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
