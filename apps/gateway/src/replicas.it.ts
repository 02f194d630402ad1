import 'reflect-metadata';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from '@orders/resilience/testing';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';
import { OrdersStub } from './testing/orders-stub.js';

let gateway: GatewayUnderTest;
let well: OrdersStub;
let ill: OrdersStub;
/** In front of the unhealthy replica. */
let edge: FaultProxy;
beforeEach(async () => {
  well = await new OrdersStub().start();
  ill = await new OrdersStub().start();
  edge = await FaultProxy.listen('orders', ill.port);
  const addresses = `ipv4:127.0.0.1:${well.port},127.0.0.1:${edge.port}`;
  gateway = await startGateway({ ORDERS_ADDRESS: addresses, REQUEST_DEADLINE_MS: '1000' });
  await load(0.5);
  expect(ill.calls.length).toBeGreaterThan(5);
});
afterEach(async () => {
  await gateway.stop();
  await edge.close();
  ill.stop();
  well.stop();
});

/** Sends 100 requests a second for this time; returns how many failed. */
async function load(seconds: number): Promise<number> {
  const statuses: Promise<number>[] = [];
  for (const until = performance.now() + seconds * 1_000; performance.now() < until;) {
    statuses.push(gateway.request('/orders', { body: GOOD_ORDER }).then(({ status }) => status));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const all = await Promise.all(statuses);
  return all.filter((status) => status !== 201).length / all.length;
}

async function secondsUntilItIsCalled(): Promise<number> {
  const calls = ill.calls.length;
  const startedAt = performance.now();
  while (ill.calls.length === calls) await load(0.1);
  return (performance.now() - startedAt) / 1_000;
}

describe('of two replicas', () => {
  it('one that fails every call is ejected, and used again when it has recovered', async () => {
    const trouble = { code: 'unavailable' } as const;
    ill.failures.push(...Array.from({ length: 5_000 }, () => trouble));
    await load(5);
    // Long enough that it is tried twice.
    expect(await load(16)).toBeLessThan(0.01);
    ill.failures.length = 0;
    expect(await secondsUntilItIsCalled()).toBeLessThan(10);
  }, 60_000);

  it('one that froze is left out and used again later: its silent connections are closed', async () => {
    edge.set({ kind: 'blackhole' });
    await load(5);
    expect(await load(6)).toBeLessThan(0.01);
    edge.clear();
    expect(await secondsUntilItIsCalled()).toBeLessThan(10);
  }, 60_000);
});
