import 'reflect-metadata';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { promises as dns } from 'node:dns';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';
import { OrdersStub } from './testing/orders-stub.js';

/** What DNS answers for `orders.test`. */
let addresses: string[];
let first: OrdersStub;
let gateway: GatewayUnderTest;

beforeEach(async () => {
  addresses = ['127.0.0.1'];
  const lookup = dns.lookup;
  jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((host: string, options: object) =>
      host === 'orders.test'
        ? Promise.resolve(addresses.map((address) => ({ address, family: 4 })))
        : lookup(host, options)) as typeof dns.lookup);
  first = await new OrdersStub().start();
});
afterEach(async () => {
  await gateway.stop();
  first.stop();
  jest.restoreAllMocks();
});

const order = () => gateway.request('/orders', { body: GOOD_ORDER });

describe('a name for several replicas of orders', () => {
  it('gives a new replica its first call within 5 s, and fails no call meanwhile', async () => {
    gateway = await startGateway({ ORDERS_ADDRESS: `orders.test:${first.port}` });
    expect((await order()).status).toBe(201);
    await using second = await new OrdersStub().start(first.port, '127.0.0.2');
    addresses = ['127.0.0.1', '127.0.0.2'];
    const until = Date.now() + 5_000;
    const statuses = new Set<number>();
    while (second.calls.length === 0 && Date.now() < until) statuses.add((await order()).status);
    expect(second.calls.length).toBeGreaterThan(0);
    expect([...statuses]).toEqual([201]);
  }, 30_000);

  it('that stands for one address is warned of at the start', async () => {
    gateway = await startGateway({ ORDERS_ADDRESS: `orders.test:${first.port}` });
    await order();
    expect(gateway.logs()).toContainEqual(
      expect.objectContaining({ upstream: 'orders', msg: expect.stringContaining('one address serves all') }),
    );
  });
});

describe('a proxy in front of orders', () => {
  let proxy: Http2Server;
  let calls = 0;
  const answering = async (status: number) => {
    proxy = createServer().on('stream', (stream) => {
      calls += 1;
      stream.respond({ ':status': status, 'content-type': 'text/html' }, { endStream: true });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    calls = 0;
    return startGateway({ ORDERS_ADDRESS: `127.0.0.1:${(proxy.address() as AddressInfo).port}` });
  };
  afterEach(() => void proxy.close());

  it.each([
    [504, 1],
    [502, 1],
    [503, 2],
  ])(
    'that answers %i gets the call %i time(s): it is not repeated while orders may be at work',
    async (status, times) => {
      gateway = await answering(status);
      expect((await order()).status).toBe(503);
      expect(calls).toBe(times);
    },
  );
});
