import 'reflect-metadata';

import { afterEach, beforeEach, describe, it } from '@jest/globals';
import { FaultProxy } from '@orders/resilience/testing';
import { eventually } from '@orders/resilience/testing/eventually';

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
  await illIsCalled();
});
afterEach(async () => {
  await gateway.stop();
  await edge.close();
  ill.stop();
  well.stop();
});

/** Sends at most 100 orders a second until the condition holds, which each answer checks. */
async function orderUntil(holds: (status: number) => boolean): Promise<void> {
  const sent: Promise<void>[] = [];
  let done = false;
  await eventually(holds.toString(), async () => {
    const answer = gateway.request('/orders', { body: GOOD_ORDER });
    sent.push(answer.then(({ status }) => void (done ||= holds(status))));
    await new Promise((resolve) => setTimeout(resolve, 10));
    return done;
  });
  await Promise.all(sent);
}

function illIsCalled(): Promise<void> {
  const calls = ill.calls.length;
  return orderUntil(() => ill.calls.length > calls);
}

/** More orders succeed in a row than could if every second one went to the ill replica. */
function illIsLeftOut(): Promise<void> {
  let inARow = 0;
  return orderUntil((status) => (inARow = status === 201 ? inARow + 1 : 0) === 150);
}

describe('of two replicas', () => {
  it('one that fails every call is ejected, and used again when it has recovered', async () => {
    const trouble = { code: 'unavailable' } as const;
    ill.failures.push(...Array.from({ length: 20_000 }, () => trouble));
    await illIsLeftOut();
    // It is tried again, twice in vain.
    for (let tries = 0; tries < 2; tries += 1) {
      await illIsCalled();
      await illIsLeftOut();
    }
    ill.failures.length = 0;
    await illIsCalled();
  }, 120_000);

  it('one that froze is left out and used again later: its silent connections are closed', async () => {
    edge.set({ kind: 'blackhole' });
    await illIsLeftOut();
    edge.clear();
    await illIsCalled();
  }, 120_000);
});
