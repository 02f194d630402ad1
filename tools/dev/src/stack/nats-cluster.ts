import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { FaultProxy } from '@orders/resilience/testing';
import type { Child } from './child.ts';
import { connectNats, type NatsAccess } from './nats-access.ts';
import { NatsServer, type NatsSecurity } from './nats-server.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

const NODES = [0, 1, 2] as const;

export interface NatsClusterOptions {
  binary: string;
  /** Has a folder for each node; kept between starts. */
  folder: string;
  /** Also of the routes. Default: plaintext. */
  security?: NatsSecurity | undefined;
  signal?: AbortSignal | undefined;
  onSpawn?: (name: string, child: Child) => void;
}

/** The way from one node to another, which takes the connections that the first one opens. */
interface Route {
  readonly from: number;
  readonly to: number;
  readonly proxy: FaultProxy;
}

/** What a node tells at `/jsz?streams=true`. */
interface JetStreamReport {
  readonly account_details?: readonly { readonly stream_detail?: readonly StreamReport[] }[];
}

interface StreamReport {
  readonly name: string;
  readonly cluster?: { readonly leader?: string };
}

/**
 * A cluster of three nats-servers with JetStream on 127.0.0.1, `nats-1` to `nats-3`. Stop, kill, wipe and start its
 * nodes as often as you like: ports stay, and so does what a node stores until it is wiped.
 */
export class NatsCluster {
  readonly nodes: readonly NatsServer[];
  readonly #routes: readonly Route[];
  readonly #signal: AbortSignal | undefined;

  /** Chooses free ports and opens the routes; no node runs yet. */
  static async create({ folder, onSpawn, ...program }: NatsClusterOptions): Promise<NatsCluster> {
    const ports = await freePorts(NODES.length * 3);
    const portsOf = (index: number) => ports.slice(index * 3, index * 3 + 3) as [number, number, number];
    const pairs = NODES.flatMap((from) => NODES.filter((to) => to !== from).map((to) => ({ from, to })));
    const openRoute = async ({ from, to }: { from: number; to: number }): Promise<Route> => {
      const [, , target] = portsOf(to);
      return { from, to, proxy: await FaultProxy.listen(`${nameOf(from)} to ${nameOf(to)}`, target) };
    };
    const routes = await Promise.all(pairs.map(openRoute));
    const nodes = NODES.map((index) => {
      const [port, monitoringPort, routePort] = portsOf(index);
      const dialled = routes.filter(({ from }) => from === index).map(({ proxy }) => proxy.port);
      return new NatsServer({
        ...{ ...program, folder: join(folder, nameOf(index)), port, monitoringPort },
        node: { name: nameOf(index), cluster: 'nats', port: routePort, routes: dialled },
        onSpawn: (child) => onSpawn?.(nameOf(index), child),
      });
    });
    return new NatsCluster(nodes, { routes, signal: program.signal });
  }

  private constructor(
    nodes: readonly NatsServer[],
    { routes, signal }: { routes: readonly Route[]; signal: AbortSignal | undefined },
  ) {
    this.nodes = nodes;
    this.#routes = routes;
    this.#signal = signal;
  }

  /** The URLs of all nodes, separated by commas. */
  get url(): string {
    return this.nodes.map(({ url }) => url).join(',');
  }

  /** For our tools: all nodes. */
  get access(): NatsAccess {
    return { ...this.nodes[0]!.access, url: this.url };
  }

  /** Starts all nodes and resolves once a stream of three replicas can be created. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
    const connection = await connectNats(this.access);
    const { streams } = await jetstreamManager(connection, { checkAPI: false, timeout: 1_000 });
    const canCreate = () =>
      streams.add({ name: 'PROBE', num_replicas: NODES.length }).then(Boolean, () => false);
    const isCreated = until(canCreate, { timeoutMs: 60_000, signal: this.#signal, what: 'JetStream' });
    await isCreated.then(() => streams.delete('PROBE')).finally(() => connection.close());
  }

  /** Stops all nodes and closes the routes: it cannot be started again. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all(this.#routes.map(({ proxy }) => proxy.close()));
  }

  /** Waits until a running node knows the leader of a stream, and returns that. */
  async leaderOf(stream: string): Promise<NatsServer> {
    const find = async () => {
      const states = await Promise.all(this.nodes.filter(({ child }) => child).map(report));
      const streams = states.flatMap((state) => state?.account_details ?? []).flatMap(streamsOf);
      const leader = streams.find(({ name, cluster }) => name === stream && cluster?.leader)?.cluster?.leader;
      return this.nodes.find((node, index) => nameOf(index) === leader && node.child);
    };
    return until(find, { timeoutMs: 30_000, signal: this.#signal, what: `the leader of ${stream}` });
  }

  /** Cuts a node off from the others: what they send each other vanishes. Clients still reach all of them. */
  isolate(node: NatsServer): void {
    const index = this.nodes.indexOf(node);
    for (const { from, to, proxy } of this.#routes)
      if (from === index || to === index) proxy.set({ kind: 'blackhole' });
  }

  /** Ends what {@link isolate} began. */
  heal(): void {
    for (const { proxy } of this.#routes) {
      proxy.clear();
      proxy.cut();
    }
  }
}

function nameOf(index: number): string {
  return `nats-${index + 1}`;
}

function streamsOf({
  stream_detail = [],
}: {
  stream_detail?: readonly StreamReport[];
}): readonly StreamReport[] {
  return stream_detail;
}

/** undefined when the node does not answer. */
async function report({ monitoringUrl }: NatsServer): Promise<JetStreamReport | undefined> {
  try {
    const answer = await fetch(`${monitoringUrl}/jsz?streams=true`, { signal: AbortSignal.timeout(2_000) });
    return (await answer.json()) as JetStreamReport;
  } catch {
    return undefined;
  }
}
