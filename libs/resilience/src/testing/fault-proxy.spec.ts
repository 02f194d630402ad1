import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
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

/** How long nothing comes back before that is taken for silence, in ms. */
const SILENCE_MS = 100;

/** What comes back for `text`, once as much is there; what there is by then when it is less after `ms`. */
async function answer(socket: Socket, text: string, ms = 30_000): Promise<string> {
  let received = '';
  const { promise, resolve } = Promise.withResolvers<string>();
  const onData = (piece: Buffer) => {
    received += piece.toString();
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
  it('passes bytes on, and the end', async () => {
    const socket = await client();
    expect(await answer(socket, 'hello')).toBe('hello');
    socket.end();
    await once(socket, 'close');
    expect(socket.errored).toBeNull();
  });

  it('cut: resets what is open, takes new connections', async () => {
    const socket = await client();
    expect(await answer(socket, 'a')).toBe('a');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    proxy.cut();
    await closed;
    expect((socket.errored as NodeJS.ErrnoException).code).toBe('ECONNRESET');
    expect(await answer(await client(), 'b')).toBe('b');
  });

  it('black hole: swallows bytes of old and new connections, which stay dead after it', async () => {
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

  it('latency: each piece comes so much later', async () => {
    const socket = await client();
    proxy.set({ kind: 'latency', ms: 40 });
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const aPieceWaits = async () => {
      while (jest.getTimerCount() === 0) await new Promise(setImmediate);
    };
    try {
      const comesBack = once(socket, 'data').then(String);
      socket.write('slow');
      for (const _way of ['there', 'back']) {
        await aPieceWaits();
        jest.advanceTimersByTime(39);
        expect(jest.getTimerCount()).toBe(1);
        jest.advanceTimersByTime(1);
      }
      expect(await comesBack).toBe('slow');
    } finally {
      jest.useRealTimers();
    }
  });

  it('trickle: a few bytes at a time, all of them in order, the rest at once when it clears', async () => {
    const socket = await client();
    proxy.set({ kind: 'trickle', bytes: 1 });
    const first = await answer(socket, 'x'.repeat(1_000), 60);
    expect(first.length).toBeLessThan(20);
    proxy.clear();
    const rest = await answer(socket, 'y'.repeat(1_000));
    expect((first + rest).replaceAll('y', '')).toBe('x'.repeat(1_000));
  });

  it.each(['request', 'answer'] as const)('cut after bytes of the %s', async (direction) => {
    proxy.set({ kind: 'cutAfter', bytes: 5, direction });
    const socket = await client();
    expect(await answer(socket, 'abc')).toBe('abc');
    const rest = await answer(socket, 'defgh');
    expect('de'.startsWith(rest)).toBe(true);
    expect(socket.destroyed).toBe(true);
  });

  it('forgets connections that are over', async () => {
    const socket = await client();
    expect(await answer(socket, 'a')).toBe('a');
    expect(proxy.connections).toBe(1);
    socket.destroy();
    while (proxy.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
