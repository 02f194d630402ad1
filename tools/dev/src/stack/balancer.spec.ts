import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Balancer, REMOVAL_LAG_MS, type Upstream } from './balancer.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

let open: (() => unknown)[] = [];
afterEach(async () => {
  jest.useRealTimers();
  for (const close of open.toReversed()) await close();
  open = [];
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Sends its name to each client, then echoes; ready while `ready` is true. */
async function replica(name: string) {
  const self = {
    ready: true,
    sockets: [] as Socket[],
    asked: 0,
    /** Whoever asks has had the answer before the last one. */
    askedAgain: async () => {
      const next = self.asked + 2;
      await eventually('to be asked', async () => self.asked >= next);
    },
  };
  const port = await listening(
    createServer((socket) => {
      self.sockets.push(socket);
      socket.on('error', () => undefined).write(name);
      socket.pipe(socket);
    }),
  );
  const management = await listening(
    createHttpServer((_, response) => {
      self.asked += 1;
      response.writeHead(self.ready ? 200 : 503).end();
    }),
  );
  const upstream: Upstream = { port, readyUrl: `http://127.0.0.1:${management}/readyz` };
  return Object.assign(self, { upstream });
}

async function balance(...upstreams: Upstream[]): Promise<number> {
  const [port = 0] = await freePorts(1);
  const balancer = await Balancer.listen(port, upstreams);
  open.push(() => balancer.close());
  return port;
}

async function connectTo(port: number) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.on('error', () => undefined);
  const [name] = (await once(socket, 'data')) as [string];
  open.push(() => socket.destroy());
  return { socket, name };
}

/** Resolves when it is closed, whatever the reason. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Timers run, but `performance.now()` moves only when the test advances it. */
function stopTheClock(): void {
  const timers = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'] as const;
  jest.useFakeTimers({
    doNotFake: [...timers, 'clearImmediate', 'nextTick', 'queueMicrotask', 'Date', 'hrtime'],
  });
}

/** Names of the replicas that answer the next four connections. */
async function answering(port: number): Promise<string> {
  const names = new Set<string>();
  for (let n = 0; n < 4; n += 1) names.add((await connectTo(port)).name);
  return [...names].sort().join('');
}

const eventually = (what: string, attempt: () => Promise<boolean>) =>
  until(attempt, { timeoutMs: 25_000, what });

describe('a balancer', () => {
  it('gives new connections to each replica in turn', async () => {
    const [a, b] = [await replica('a'), await replica('b')];
    const port = await balance(a.upstream, b.upstream);
    expect(await answering(port)).toBe('ab');
  });

  it('gives a replica that is not ready any more new connections for a while, then none; old ones go on', async () => {
    stopTheClock();
    const [a, b] = [await replica('a'), await replica('b')];
    const port = await balance(a.upstream, b.upstream);
    const old = [await connectTo(port), await connectTo(port)].find(({ name }) => name === 'b')!;
    await eventually('both to be known as ready', async () => (await answering(port)) === 'ab');
    b.ready = false;
    jest.advanceTimersByTime(REMOVAL_LAG_MS - 1);
    await b.askedAgain();
    expect(await answering(port)).toBe('ab');
    jest.advanceTimersByTime(1);
    await eventually('only the ready one to be used', async () => (await answering(port)) === 'a');
    old.socket.write('still here');
    expect(await once(old.socket, 'data')).toEqual(['still here']);
    b.ready = true;
    await eventually('both to be used again', async () => (await answering(port)) === 'ab');
  });

  it('forwards the end and a reset in both directions', async () => {
    const a = await replica('a');
    const port = await balance(a.upstream);
    const first = await connectTo(port);
    const closed = closing(first.socket);
    first.socket.end();
    await closed;
    expect(first.socket.errored).toBeNull();
    const second = await connectTo(port);
    const reset = closing(second.socket);
    a.sockets[1]?.resetAndDestroy();
    await reset;
    expect((second.socket.errored as NodeJS.ErrnoException).code).toBe('ECONNRESET');
  });

  it('resets a connection to a replica that is gone', async () => {
    const [gone = 0] = await freePorts(1);
    const port = await balance({ port: gone, readyUrl: `http://127.0.0.1:${gone}` });
    const socket = connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });
});
