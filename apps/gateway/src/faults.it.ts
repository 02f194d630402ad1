import 'reflect-metadata';

import { connect, createServer, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway({ REQUEST_DEADLINE_MS: '400', SHUTDOWN_DRAIN_MS: '600' });
});
afterEach(() => gateway.stop());

const succeeds = () =>
  eventually('an order succeeds', async () => {
    return (await gateway.request('/orders', { body: GOOD_ORDER })).status === 201;
  });

describe('orders', () => {
  it('that is down leads to 503 with Retry-After, until it is back', async () => {
    expect((await gateway.request('/orders', { body: GOOD_ORDER })).status).toBe(201);
    gateway.orders.stop();
    const answer = await gateway.request('/orders', { body: GOOD_ORDER });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ type: 'urn:problem:orders:unavailable' });
    expect((await fetch(`${gateway.managementUrl}/readyz`)).status).toBe(200);

    await gateway.orders.start(gateway.orders.port);
    await succeeds();
  });

  it('that does not answer leads to 504 at the deadline', async () => {
    gateway.orders.hold = new Promise(() => undefined);
    const answer = await gateway.request('/orders', { body: GOOD_ORDER });
    expect(answer.status).toBe(504);
    expect(answer.headers.get('retry-after')).toBe('1');
    await gateway.orders.cancelled.promise;
  });

  it('that sends nothing on its connections is reached again over a new connection', async () => {
    gateway.orders.stop();
    const mute: Socket[] = [];
    const connected = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      mute.push(socket.on('error', () => undefined));
      connected.resolve();
    });
    await new Promise<void>((resolve) => server.listen(gateway.orders.port, '127.0.0.1', resolve));
    try {
      await connected.promise;
      expect((await gateway.request('/orders', { body: GOOD_ORDER })).status).toBeGreaterThanOrEqual(503);
      // The silent connection stays silent; only a new one can work.
      server.close();
      await gateway.orders.start(gateway.orders.port);
      await succeeds();
    } finally {
      for (const socket of mute) socket.destroy();
      server.close();
    }
  });
});

describe('a client', () => {
  it('that goes away has its call cancelled at once', async () => {
    await gateway.stop();
    gateway = await startGateway({ REQUEST_DEADLINE_MS: '600000' });
    gateway.orders.hold = new Promise(() => undefined);
    const gone = new AbortController();
    const token = await gateway.issuer.token('alice', 'orders:write');
    const request = fetch(`${gateway.url}/orders`, {
      method: 'POST',
      signal: gone.signal,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(GOOD_ORDER),
    });
    await eventually('orders is called', () => gateway.orders.calls.length > 0);
    gone.abort();
    await expect(request).rejects.toThrow();
    await gateway.orders.cancelled.promise;
  });

  it('that sends too slowly is disconnected, in the headers as in the body', async () => {
    const token = await gateway.issuer.token('alice', 'orders:write');
    const head = `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
    const dawdle = async (bytes: string) => {
      let answer = '';
      const socket = connect({ port: gateway.port, host: '127.0.0.1' });
      socket.on('data', (chunk) => (answer += chunk.toString()));
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      return answer;
    };
    const [headers, body] = await Promise.all([
      dawdle(head),
      dawdle(`${head}\r\nContent-Length: 100\r\n\r\n{`),
    ]);
    expect(headers).toMatch(/^HTTP\/1.1 408 .*application\/problem\+json/s);
    expect(body).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('a stop', () => {
  it('finishes requests in progress and closes their connections', async () => {
    const held = Promise.withResolvers<void>();
    gateway.orders.hold = held.promise;
    const request = gateway.request('/orders', { body: GOOD_ORDER });
    await eventually('orders is called', () => gateway.orders.calls.length > 0);
    const stopped = gateway.service.stop('test');
    expect((await fetch(`${gateway.managementUrl}/readyz`)).status).toBe(503);
    held.resolve();
    const answer = await request;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('connection')).toBe('close');
    await stopped;
    expect(await gateway.exited).toBe(0);
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow();
  });

  it('ends even if a client has sent only half of a request', async () => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' });
    const closed = new Promise((resolve) =>
      socket
        .on('error', () => undefined)
        .resume()
        .once('close', resolve),
    );
    const token = await gateway.issuer.token('alice', 'orders:write');
    const head = `POST /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json`;
    socket.write(`${head}\r\nContent-Length: 100\r\n\r\n{`);
    await gateway.request('/healthz');
    await gateway.service.stop('test');
    await closed;
    expect(await gateway.exited).toBe(0);
  });
});
