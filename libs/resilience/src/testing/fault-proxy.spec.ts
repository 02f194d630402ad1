import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from './eventually.js';
import { FaultProxy } from './fault-proxy.js';

let echo: Server;
let proxy: FaultProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await FaultProxy.listen('test', (echo.address() as AddressInfo).port);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  echo.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  clients.push(socket.on('error', () => undefined));
  await once(socket, 'connect');
  return socket;
}

/** No answer for this time counts as silence, in ms. */
const SILENCE_MS = 100;

/** What comes back for `text` within `ms`, or as soon as it is as long as `text`; '' when nothing comes. */
async function answer(socket: Socket, text: string, ms = 30_000): Promise<string> {
  let received = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const onData = (chunk: Buffer) => {
    received += chunk.toString();
    if (received.length >= text.length) resolve(received);
  };
  socket.on('data', onData).once('close', () => resolve(received));
  socket.write(text);
  const timer = setTimeout(() => resolve(received), ms);
  const result = await promise;
  clearTimeout(timer);
  socket.off('data', onData);
  return result;
}

describe('a proxy', () => {
  it('forwards bytes and the end of a connection', async () => {
    const socket = await client();
    expect(await answer(socket, 'hello')).toBe('hello');
    socket.end();
    await once(socket, 'close');
    expect(socket.errored).toBeNull();
  });

  it('cut: resets open connections, and accepts new ones', async () => {
    const socket = await client();
    expect(await answer(socket, 'a')).toBe('a');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    proxy.cut();
    await closed;
    expect((socket.errored as NodeJS.ErrnoException).code).toBe('ECONNRESET');
    expect(await answer(await client(), 'b')).toBe('b');
  });

  it('black hole: swallows bytes of old and new connections, also after it has ended', async () => {
    const old = await client();
    expect(await answer(old, 'a')).toBe('a');
    proxy.set({ kind: 'blackhole' });
    const during = await client();
    expect(await answer(old, 'b', SILENCE_MS)).toBe('');
    expect(await answer(during, 'c', SILENCE_MS)).toBe('');
    proxy.clear();
    expect(await answer(old, 'd', SILENCE_MS)).toBe('');
    expect(await answer(during, 'e', SILENCE_MS)).toBe('');
    expect([old.destroyed, during.destroyed]).toEqual([false, false]);
    expect(await answer(await client(), 'f')).toBe('f');
  });

  it('latency: each chunk is forwarded later', async () => {
    const socket = await client();
    proxy.set({ kind: 'latency', ms: 40 });
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const aChunkWaits = async () => {
      while (jest.getTimerCount() === 0) await new Promise(setImmediate);
    };
    try {
      const comesBack = once(socket, 'data').then(String);
      socket.write('slow');
      for (const _way of ['there', 'back']) {
        await aChunkWaits();
        jest.advanceTimersByTime(39);
        expect(jest.getTimerCount()).toBe(1);
        jest.advanceTimersByTime(1);
      }
      expect(await comesBack).toBe('slow');
    } finally {
      jest.useRealTimers();
    }
  });

  it('trickle: forwards a few bytes at a time, in order, and the rest at once when it ends', async () => {
    const socket = await client();
    proxy.set({ kind: 'trickle', bytes: 1 });
    const first = await answer(socket, 'x'.repeat(1_000), 60);
    expect(first.length).toBeLessThan(20);
    proxy.clear();
    const rest = await answer(socket, 'y'.repeat(1_000));
    expect((first + rest).replaceAll('y', '')).toBe('x'.repeat(1_000));
  });

  it.each(['request', 'answer'] as const)(
    'cutAfter: resets after so many bytes of the %s',
    async (direction) => {
      proxy.set({ kind: 'cutAfter', bytes: 5, direction });
      const socket = await client();
      expect(await answer(socket, 'abc')).toBe('abc');
      const rest = await answer(socket, 'defgh');
      expect('de'.startsWith(rest)).toBe(true);
      expect(socket.destroyed).toBe(true);
    },
  );

  it('does not count closed connections', async () => {
    const socket = await client();
    expect(await answer(socket, 'a')).toBe('a');
    expect(proxy.connections).toBe(1);
    socket.destroy();
    await eventually('the connection is gone', () => proxy.connections === 0);
  });
});
