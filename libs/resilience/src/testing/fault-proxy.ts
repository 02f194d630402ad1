import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What happens to the bytes of an edge. */
export type Weather =
  | { readonly kind: 'clear' }
  /** Bytes vanish, both ways; new connections are taken and never answered. Who had one then never hears of it again. */
  | { readonly kind: 'blackhole' }
  /** Each piece arrives so much later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** So many bytes each 10 ms, both ways. */
  | { readonly kind: 'trickle'; readonly bytes: number }
  /** A connection is reset once so many bytes more have passed in one direction. */
  | { readonly kind: 'cutAfter'; readonly bytes: number; readonly direction: 'request' | 'answer' };

const CLEAR: Weather = { kind: 'clear' };

/** One edge of the system as a TCP proxy on 127.0.0.1, whose weather can be made bad. */
export class FaultProxy {
  readonly name: string;
  #weather: Weather = CLEAR;
  readonly #target: number;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;

  private constructor(name: string, target: number) {
    this.name = name;
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Resolves once it listens. */
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

  get connections(): number {
    return this.#pairs.size;
  }

  /** Applies to what passes from now on, on old and new connections. Those that a black hole has met stay dead. */
  set(weather: Weather): void {
    this.#weather = weather;
    for (const pair of this.#pairs) pair.set(weather);
  }

  clear(): void {
    this.set(CLEAR);
  }

  /** Resets every connection that there is now. */
  cut(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    const upstream = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = new Pair(client, upstream, this.#weather);
    this.#pairs.add(pair);
    client.once('close', () => this.#pairs.delete(pair));
  }
}

/** So long a server keeps the connection of a client that has vanished, in ms; keepalives would need longer. */
const LINGER_MS = 4_000;

/** One connection through the proxy: a lane for each direction, and what ends one side ends the other. */
class Pair {
  #dead = false;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #lanes: readonly [request: Lane, answer: Lane];

  constructor(client: Socket, upstream: Socket, weather: Weather) {
    this.#client = client;
    this.#upstream = upstream;
    const reset = (): void => this.reset();
    this.#lanes = [new Lane(client, upstream, reset), new Lane(upstream, client, reset)];
    client.once('end', () => this.#dead && setTimeout(reset, LINGER_MS).unref());
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', reset);
      socket.on('close', () => this.#onClose());
    }
    this.set(weather);
  }

  set(weather: Weather): void {
    this.#dead ||= weather.kind === 'blackhole';
    const effective: Weather = this.#dead ? { kind: 'blackhole' } : weather;
    const [request, answer] = this.#lanes;
    for (const lane of this.#lanes) lane.weather = effective;
    if (effective.kind === 'cutAfter') {
      (effective.direction === 'request' ? answer : request).weather = CLEAR;
    }
  }

  reset(): void {
    this.#dead = false;
    for (const socket of [this.#client, this.#upstream]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** A vanished host does not say goodbye: in a black hole the other side keeps its connection. */
  #onClose(): void {
    if (!this.#dead) this.reset();
    else if (this.#client.destroyed) this.#upstream.destroy();
  }
}

/** One direction of a connection. */
class Lane {
  #weather: Weather = CLEAR;
  #passed = 0;
  #queue: Promise<void> = Promise.resolve();
  readonly #to: Socket;
  readonly #reset: () => void;

  constructor(from: Socket, to: Socket, reset: () => void) {
    this.#to = to;
    this.#reset = reset;
    from.on('data', (piece: Buffer) => {
      if (this.#weather.kind === 'blackhole') return;
      from.pause();
      this.#queue = this.#queue.then(() => this.#carry(piece)).finally(() => from.resume());
    });
    from.on('end', () => void this.#queue.then(() => this.#weather.kind !== 'blackhole' && to.end()));
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    this.#passed = 0;
  }

  async #carry(piece: Buffer): Promise<void> {
    const weather = this.#weather;
    switch (weather.kind) {
      case 'clear':
        return this.#write(piece);
      case 'blackhole':
        return;
      case 'latency':
        await pause(weather.ms);
        return this.#carryNow(piece);
      case 'trickle':
        return this.#trickle(piece, weather.bytes);
      case 'cutAfter':
        return this.#cutAfter(piece, weather.bytes);
    }
  }

  /** After a wait the weather may be another; a black hole swallows what was under way. */
  async #carryNow(piece: Buffer): Promise<void> {
    if (this.#weather.kind !== 'blackhole') await this.#write(piece);
  }

  async #trickle(piece: Buffer, bytes: number): Promise<void> {
    for (let at = 0; at < piece.length; at += bytes) {
      if (this.#weather.kind !== 'trickle') return this.#carryNow(piece.subarray(at));
      await this.#write(piece.subarray(at, at + bytes));
      await pause(10);
    }
  }

  async #cutAfter(piece: Buffer, bytes: number): Promise<void> {
    const left = bytes - this.#passed;
    this.#passed += piece.length;
    await this.#write(piece.subarray(0, Math.max(0, left)));
    if (piece.length >= left) setImmediate(this.#reset);
  }

  async #write(piece: Buffer): Promise<void> {
    const to = this.#to;
    if (to.destroyed || to.writableEnded || piece.length === 0 || to.write(piece)) return;
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
