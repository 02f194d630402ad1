import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../percentile.ts';
import { Answers } from './answers.ts';
import type { OpenLoad, OpenLoopResult } from './open-loop.ts';
import { requestHead, TAIL } from './order-request.ts';

// Lean, since it shares the machine with what it loads: ready-made requests, one write for all that are due on a
// connection, nothing but the status read of an answer.
const TICK_MS = 4;
const PATIENCE_MS = 10_000;
/** Requests without an answer at a time: a bound for this process, far above what the system lets in. */
const MOST_OPEN = 20_000;

const load = JSON.parse(process.env['LOAD'] ?? '') as OpenLoad;
const url = new URL(load.api);
const heads = load.tokens.map((token) => requestHead(load.api, token));
const run = Date.now().toString(16);

const byStatus: Record<string, number> = {};
const latencies: number[] = [];
const goodput = Array.from({ length: Math.ceil(load.seconds) }, () => 0);
let open = 0;

/** The gateway ends a connection after 1,000 requests: it is left before. */
const MOST_ON_A_CONNECTION = 900;

class Connection {
  readonly #socket: Socket;
  readonly #answers = new Answers();
  /** When the requests without an answer were due, oldest first. */
  readonly #due: number[] = [];
  #unsent = '';
  #left = MOST_ON_A_CONNECTION;

  constructor() {
    this.#socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.#socket.on('data', (chunk: Buffer) => {
      for (const status of this.#answers.read(chunk)) this.#settle(status);
      if (this.#left === 0 && this.#due.length === 0) this.#socket.destroy();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.end());
  }

  get usable(): boolean {
    return this.#left > 0 && !this.#socket.destroyed;
  }

  add(request: string, dueAt: number): void {
    this.#unsent += request;
    this.#due.push(dueAt);
    this.#left -= 1;
    open += 1;
  }

  flush(): void {
    if (this.#unsent === '') return;
    this.#socket.write(this.#unsent, 'latin1');
    this.#unsent = '';
  }

  /** Gives up what has no answer. */
  end(): void {
    this.#socket.destroy();
    open -= this.#due.length;
    count('none', this.#due.splice(0).length);
  }

  #settle(status: number): void {
    const dueAt = this.#due.shift();
    if (dueAt === undefined) return;
    open -= 1;
    count(String(status));
    if (status !== 201) return;
    const now = performance.now();
    latencies.push(now - dueAt);
    const second = Math.floor((now - began) / 1_000);
    if (second < goodput.length) goodput[second]! += 1;
  }
}

const connections = Array.from({ length: load.connections }, () => new Connection());
/** Those that were left with requests open. */
const leaving = new Set<Connection>();
const total = Math.floor(load.perSecond * load.seconds);
const gapMs = 1_000 / load.perSecond;
let number = 0;
await delay(200); // connections stand
const began = performance.now();

while (number < total) {
  const elapsed = performance.now() - began;
  for (; number < total && number * gapMs <= elapsed; number += 1) {
    if (open >= MOST_OPEN) count('unsent');
    else connectionFor(number).add(requestOf(number), began + number * gapMs);
  }
  for (const connection of [...leaving, ...connections]) connection.flush();
  await delay(TICK_MS);
}
const giveUpAt = performance.now() + PATIENCE_MS;
while (open > 0 && performance.now() < giveUpAt) await delay(20);
for (const connection of [...leaving, ...connections]) connection.end();

const { user, system } = process.cpuUsage();
const sorted = latencies.sort((a, b) => a - b);
const result: OpenLoopResult = {
  seconds: load.seconds,
  due: total,
  byStatus,
  p50Ms: percentile(sorted, 0.5),
  p99Ms: percentile(sorted, 0.99),
  goodput,
  cpuSeconds: (user + system) / 1e6,
};
console.log(JSON.stringify(result));

function connectionFor(index: number): Connection {
  const place = index % connections.length;
  const connection = connections[place]!;
  if (connection.usable) return connection;
  leaving.add(connection);
  return (connections[place] = new Connection());
}

function requestOf(index: number): string {
  return `${heads[index % heads.length]}${run}-${index}${TAIL}`;
}

function count(status: string, by = 1): void {
  if (by > 0) byStatus[status] = (byStatus[status] ?? 0) + by;
}
