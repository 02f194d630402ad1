import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../percentile.ts';
import { Answers } from './answers.ts';
import type { OpenLoad, OpenLoopResult } from './open-loop.ts';
import { callerHeaderLines, WRITE_HEAD, WRITE_LINE, WRITE_TAIL } from './requests.ts';

// It shares the machine with the system, so it does little: requests are prepared, and only the status of an answer is read.
const TICK_MS = 4;
const PATIENCE_MS = 5_000;
const MOST_CONNECTIONS = 1_000;
/** The gateway closes a connection after 1,000 requests: we close it before that. */
const MOST_ON_A_CONNECTION = 900;

const load = JSON.parse(process.env['LOAD'] ?? '') as OpenLoad;
const url = new URL(load.api);
const heads = load.tokens.map((token) => `${WRITE_LINE}${callerHeaderLines(load, token)}${WRITE_HEAD}`);
const run = Date.now().toString(16);

const byStatus: Record<string, number> = {};
const latencies: number[] = [];
const goodput = Array.from({ length: Math.ceil(load.seconds) }, () => 0);
let sent = 0;

/** Each carries one request at a time. */
class Connection {
  readonly #socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  readonly #answers = new Answers();
  #left = MOST_ON_A_CONNECTION;
  dueAt = 0;

  constructor() {
    this.#socket.on('data', (chunk: Buffer) => {
      for (const status of this.#answers.read(chunk)) this.#answered(status);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#ended());
  }

  send(request: string, dueAt: number): void {
    this.#socket.write(request, 'latin1');
    this.dueAt = dueAt;
    this.#left -= 1;
    sent += 1;
    busy.add(this);
  }

  end(): void {
    this.#socket.destroy();
  }

  #answered(status: number): void {
    if (!busy.delete(this)) return;
    settle(status, this.dueAt);
    if (this.#left > 0) idle.add(this);
    else this.end();
  }

  #ended(): void {
    idle.delete(this);
    if (busy.delete(this)) count('none');
    open -= 1;
  }
}

let open = 0;
const idle = new Set<Connection>();
/** In the order of their requests: the longest wait comes first. */
const busy = new Set<Connection>();

const total = Math.floor(load.perSecond * load.seconds);
const gapMs = 1_000 / load.perSecond;
const began = performance.now();

for (let number = 0; number < total;) {
  const now = performance.now();
  for (; number < total && began + number * gapMs <= now; number += 1) request(number);
  giveUp(now - PATIENCE_MS);
  await delay(TICK_MS);
}
for (; busy.size > 0; giveUp(performance.now() - PATIENCE_MS)) await delay(20);
for (const connection of idle) connection.end();

const { user, system } = process.cpuUsage();
const sorted = latencies.sort((a, b) => a - b);
const result: OpenLoopResult = {
  seconds: load.seconds,
  due: total,
  sent,
  byStatus,
  p50Ms: percentile(sorted, 0.5),
  p99Ms: percentile(sorted, 0.99),
  goodput,
  cpuSeconds: (user + system) / 1e6,
};
console.log(JSON.stringify(result));

function request(number: number): void {
  const connection = freeConnection();
  if (!connection) return count('overflow');
  const key = `${run}-${number}`;
  connection.send(`${heads[number % heads.length]}${key}${WRITE_TAIL}`, began + number * gapMs);
}

function freeConnection(): Connection | undefined {
  const [free] = idle;
  if (free) idle.delete(free);
  if (free || open >= MOST_CONNECTIONS) return free;
  open += 1;
  return new Connection();
}

function giveUp(dueBefore: number): void {
  for (const connection of busy) {
    if (connection.dueAt > dueBefore) return;
    connection.end();
  }
}

function settle(status: number, dueAt: number): void {
  count(String(status));
  if (status !== 201) return;
  const now = performance.now();
  latencies.push(now - dueAt);
  const second = Math.floor((now - began) / 1_000);
  if (second < goodput.length) goodput[second]! += 1;
}

function count(status: string): void {
  byStatus[status] = (byStatus[status] ?? 0) + 1;
}
