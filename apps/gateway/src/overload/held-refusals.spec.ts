import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

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
});
afterEach(async () => {
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => server.close(resolve));
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

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 1));
}

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

describe('held refusals', () => {
  it('are sent at a bounded rate when many connections repeat at once', async () => {
    await refuseAll({ holdMs: 1, perSecond: 200 });
    const began = performance.now();
    const asking = Array.from({ length: 50 }, () => client((socket) => socket.write(REQUEST)));
    asking.forEach(({ socket }) => socket.write(REQUEST));
    await until(() => performance.now() - began > 500);
    const answers = asking.reduce((sum, each) => sum + each.answers, 0);
    const allowed = ((performance.now() - began) / 1_000) * 200;
    expect(answers).toBeGreaterThan(50);
    expect(answers).toBeLessThanOrEqual(allowed + 1);
  });

  it('pause reading from a client that pipelines, then answer all its requests', async () => {
    await refuseAll({ holdMs: 20, perSecond: 1_000 });
    const pipelining = client();
    const began = performance.now();
    pipelining.socket.write(REQUEST.repeat(5));
    await until(() => read === 5);
    pipelining.socket.write(REQUEST.repeat(5));
    await until(() => read > 5);
    expect(performance.now() - began).toBeGreaterThan(5 * 19);
    await until(() => pipelining.answers === 10);
    expect(performance.now() - began).toBeGreaterThan(10 * 19);
    pipelining.socket.write(REQUEST);
    await until(() => pipelining.answers === 11);
  });

  it('close a connection that has pipelined too many requests', async () => {
    await refuseAll({ holdMs: 5, perSecond: 1_000 });
    const pipelining = client();
    const began = performance.now();
    pipelining.socket.write(REQUEST.repeat(17));
    await until(() => pipelining.socket.readableEnded);
    expect(pipelining.answers).toBe(1);
    expect(performance.now() - began).toBeGreaterThan(16 * 4.5);
    await until(async () => (await connections()) === 0);
  });

  it('forget a client that has gone', async () => {
    await refuseAll({ holdMs: 20, perSecond: 1_000 });
    const { socket } = client();
    socket.write(REQUEST.repeat(2));
    await until(() => read === 2);
    socket.destroy();
    await until(async () => (await connections()) === 0);
  });
});
