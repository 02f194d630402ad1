import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { HeldRefusals, type HoldOptions, type Refusal } from './held-refusals.js';

const REFUSAL: Refusal = { status: 503, headers: { 'content-length': '2' }, body: 'no' };
const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\norder';

let server: Server;
let sockets: Socket[];
/** Counts the requests that the server has read. */
let read: number;
beforeEach(() => {
  sockets = [];
  read = 0;
  // What waits is on the clock of the test; bytes come as ever.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(async () => {
  sockets.forEach((socket) => socket.destroy());
  let closed = false;
  server.close(() => (closed = true));
  await msUntil(() => closed);
  jest.useRealTimers();
});

async function refuseAll(options: HoldOptions): Promise<void> {
  const refusals = new HeldRefusals(options);
  server = createServer((request, response) => {
    read += 1;
    refusals.add(REFUSAL, response, request.socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

/** A client that counts its answers. */
function client(onAnswer: (socket: Socket) => void = () => undefined) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  const seen = { socket, answers: 0 };
  socket.on('data', (chunk: Buffer) => {
    const found = chunk.toString().split('HTTP/1.1 503').length - 1;
    seen.answers += found;
    for (let n = 0; n < found; n += 1) onAnswer(socket);
  });
  return seen;
}

/** The clock stands still meanwhile. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(setImmediate);
}

/** How much the clock has to go on, ms by ms, until that holds. */
async function msUntil(holds: () => boolean | Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await holds())) {
    jest.advanceTimersByTime(1);
    await new Promise(setImmediate);
  }
  return performance.now() - began;
}

/** Whatever the clients have sent so far was there to be read: a request on a new connection was. */
async function allWouldBeRead(): Promise<void> {
  const before = read;
  client().socket.write(REQUEST);
  await until(() => read === before + 1);
}

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

describe('held refusals', () => {
  it('are sent at a bounded rate when many connections repeat at once', async () => {
    await refuseAll({ holdMs: 1, perSecond: 200 });
    const asking = Array.from({ length: 50 }, () => client((socket) => socket.write(REQUEST)));
    asking.forEach(({ socket }) => socket.write(REQUEST));
    await until(() => read === 50);
    const answers = () => asking.reduce((sum, each) => sum + each.answers, 0);
    // The first one need not wait for its turn.
    expect(await msUntil(() => answers() > 100)).toBeGreaterThanOrEqual((100 / 200) * 1_000);
  });

  it('pause reading from a client that pipelines, then answer all its requests', async () => {
    await refuseAll({ holdMs: 20, perSecond: 1_000 });
    const pipelining = client();
    pipelining.socket.write(REQUEST.repeat(5));
    await until(() => read === 5);
    pipelining.socket.write(REQUEST.repeat(5));
    await allWouldBeRead();
    expect(read).toBe(6);
    jest.advanceTimersByTime(5 * 20 - 1);
    await allWouldBeRead();
    expect(pipelining.answers).toBe(0);
    await msUntil(() => pipelining.answers === 5);
    await until(() => read === 7 + 5);
    expect(await msUntil(() => pipelining.answers === 10)).toBeGreaterThanOrEqual(5 * 20 - 1);
    pipelining.socket.write(REQUEST);
    await msUntil(() => pipelining.answers === 11);
  });

  it('close a connection that has pipelined too many requests', async () => {
    await refuseAll({ holdMs: 5, perSecond: 1_000 });
    const pipelining = client();
    pipelining.socket.write(REQUEST.repeat(17));
    await until(() => read === 17);
    expect(await msUntil(() => pipelining.socket.readableEnded)).toBeGreaterThanOrEqual(16 * 5);
    expect(pipelining.answers).toBe(1);
    await until(async () => (await connections()) === 0);
  });

  it('forget a client that has gone', async () => {
    await refuseAll({ holdMs: 20, perSecond: 1_000 });
    const { socket } = client();
    socket.write(REQUEST.repeat(2));
    await until(() => read === 2);
    socket.destroy();
    await msUntil(async () => (await connections()) === 0);
  });
});
