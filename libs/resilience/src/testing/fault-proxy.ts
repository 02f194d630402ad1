import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What a {@link FaultProxy} does to the bytes that it forwards. */
export type NetworkFault =
  | { readonly kind: 'none' }
  /**
   * Bytes vanish, both ways. New connections are accepted and never answered. A connection that was open during it gets
   * no byte ever again.
   */
  | { readonly kind: 'blackhole' }
  /** Each chunk is forwarded so many ms later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** So many bytes are forwarded every 10 ms, both ways. */
  | { readonly kind: 'trickle'; readonly bytes: number }
  /** A connection is reset once so many more bytes have passed in one direction. */
  | { readonly kind: 'cutAfter'; readonly bytes: number; readonly direction: 'request' | 'answer' };

const NONE: NetworkFault = { kind: 'none' };

/** A TCP proxy on 127.0.0.1 in front of a port of this machine, which can be told to inject a network fault. */
export class FaultProxy {
  readonly name: string;
  #fault: NetworkFault = NONE;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;

  private constructor(name: string, target: number) {
    this.name = name;
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /**
   * Resolves once the proxy listens.
   *
   * @param target port to forward to, on 127.0.0.1
   * @param port to listen on; default 0 = any free one
   * @throws when the port is taken
   */
  static async listen(name: string, target: number, port = 0): Promise<FaultProxy> {
    const proxy = new FaultProxy(name, target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(port, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Injects a fault into old and new connections from now on. Those that were open during a black hole stay in it. */
  set(fault: NetworkFault): void {
    this.#fault = fault;
    for (const pair of this.#pairs) pair.set(fault);
  }

  /** Ends the fault. */
  clear(): void {
    this.set(NONE);
  }

  /** Resets every open connection. */
  cut(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** Stops listening and resets every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const upstream = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = new Pair(client, upstream, this.#fault);
    this.#pairs.add(pair);
    client.once('close', () => this.#pairs.delete(pair));
  }
}

/** How long a server keeps the connection of a client that has vanished, in ms; real keepalives would take longer. */
const VANISHED_CLIENT_MS = 4_000;

/** One connection through the proxy: both its directions. The end of one side ends the other. */
class Pair {
  #blackholed = false;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #directions: readonly [request: Direction, answer: Direction];

  constructor(client: Socket, upstream: Socket, fault: NetworkFault) {
    this.#client = client;
    this.#upstream = upstream;
    const reset = (): void => this.reset();
    this.#directions = [new Direction(client, upstream, reset), new Direction(upstream, client, reset)];
    client.once('end', () => this.#blackholed && setTimeout(reset, VANISHED_CLIENT_MS).unref());
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', reset);
      socket.on('close', () => this.#onClose());
    }
    this.set(fault);
  }

  set(fault: NetworkFault): void {
    this.#blackholed ||= fault.kind === 'blackhole';
    const effective: NetworkFault = this.#blackholed ? { kind: 'blackhole' } : fault;
    const [request, answer] = this.#directions;
    for (const direction of this.#directions) direction.fault = effective;
    if (effective.kind === 'cutAfter') {
      (effective.direction === 'request' ? answer : request).fault = NONE;
    }
  }

  reset(): void {
    this.#blackholed = false;
    for (const socket of [this.#client, this.#upstream]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** A host that has vanished sends no FIN: in a black hole, the client keeps its connection when the server closes. */
  #onClose(): void {
    if (!this.#blackholed) this.reset();
    else if (this.#client.destroyed) this.#upstream.destroy();
  }
}

/** One direction of a connection. */
class Direction {
  #fault: NetworkFault = NONE;
  #passed = 0;
  #queue: Promise<void> = Promise.resolve();
  readonly #to: Socket;
  readonly #reset: () => void;

  constructor(from: Socket, to: Socket, reset: () => void) {
    this.#to = to;
    this.#reset = reset;
    from.on('data', (chunk: Buffer) => {
      if (this.#fault.kind === 'blackhole') return;
      from.pause();
      this.#queue = this.#queue.then(() => this.#forward(chunk)).finally(() => from.resume());
    });
    from.on('end', () => void this.#queue.then(() => this.#fault.kind !== 'blackhole' && to.end()));
  }

  set fault(fault: NetworkFault) {
    this.#fault = fault;
    this.#passed = 0;
  }

  async #forward(chunk: Buffer): Promise<void> {
    const fault = this.#fault;
    switch (fault.kind) {
      case 'none':
        return this.#write(chunk);
      case 'blackhole':
        return;
      case 'latency':
        await pause(fault.ms);
        return this.#forwardUnlessSwallowed(chunk);
      case 'trickle':
        return this.#trickle(chunk, fault.bytes);
      case 'cutAfter':
        return this.#cutAfter(chunk, fault.bytes);
    }
  }

  /** For a chunk that has waited: the fault may have changed meanwhile, and a black hole swallows the chunk. */
  async #forwardUnlessSwallowed(chunk: Buffer): Promise<void> {
    if (this.#fault.kind !== 'blackhole') await this.#write(chunk);
  }

  async #trickle(chunk: Buffer, bytes: number): Promise<void> {
    for (let at = 0; at < chunk.length; at += bytes) {
      if (this.#fault.kind !== 'trickle') return this.#forwardUnlessSwallowed(chunk.subarray(at));
      await this.#write(chunk.subarray(at, at + bytes));
      await pause(10);
    }
  }

  async #cutAfter(chunk: Buffer, bytes: number): Promise<void> {
    const left = bytes - this.#passed;
    this.#passed += chunk.length;
    await this.#write(chunk.subarray(0, Math.max(0, left)));
    if (chunk.length >= left) setImmediate(this.#reset);
  }

  async #write(chunk: Buffer): Promise<void> {
    const to = this.#to;
    if (to.destroyed || to.writableEnded || chunk.length === 0 || to.write(chunk)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        to.off('drain', done).off('close', done);
        resolve();
      };
      to.on('drain', done).on('close', done);
    });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
