import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answersOk } from './until.ts';

export interface Upstream {
  port: number;
  /** Answers 200 while the replica wants new connections. */
  readyUrl: string;
}

/** A replica still gets new connections for this long after its last "ready": Kubernetes takes time to remove it too. */
export const REMOVAL_LAG_MS = 1_200;
const ASK_EVERY_MS = 200;
const HOST = '127.0.0.1';

/**
 * One port for the replicas of an app, like a Service in Kubernetes. A new connection goes to the next ready replica, or to
 * any when none is ready, and stays there. It is reset when that replica cannot be reached.
 */
export class Balancer {
  readonly #endpoints: Endpoint[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #closed = new AbortController();
  #turn = 0;

  private constructor(upstreams: readonly Upstream[]) {
    this.#endpoints = upstreams.map((upstream) => new Endpoint(upstream, this.#closed.signal));
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** Resolves once it listens. */
  static async listen(port: number, upstreams: readonly Upstream[]): Promise<Balancer> {
    const balancer = new Balancer(upstreams);
    balancer.#server.listen(port, HOST);
    await once(balancer.#server, 'listening');
    return balancer;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const upstream = connect({ port: this.#next(), host: HOST, allowHalfOpen: true, noDelay: true });
    this.#join(client, upstream);
    this.#join(upstream, client);
  }

  /** Forwards bytes, the end and a reset from one side to the other. */
  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.pipe(to);
    from.on('error', () => to.destroyed || to.resetAndDestroy());
    from.on('close', () => this.#sockets.delete(from));
  }

  #next(): number {
    const ready = this.#endpoints.filter((endpoint) => endpoint.isReady);
    const choice = ready.length > 0 ? ready : this.#endpoints;
    this.#turn += 1;
    return choice[this.#turn % choice.length]?.port ?? 0;
  }
}

/** A replica, and when it last answered ready. */
class Endpoint {
  readonly port: number;
  #readyAt = -Infinity;

  constructor({ port, readyUrl }: Upstream, signal: AbortSignal) {
    this.port = port;
    void this.#watch(readyUrl, signal);
  }

  get isReady(): boolean {
    return performance.now() - this.#readyAt < REMOVAL_LAG_MS;
  }

  async #watch(url: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const askedAt = performance.now();
      if (await answersOk(url)) this.#readyAt = askedAt;
      await delay(ASK_EVERY_MS);
    }
  }
}
