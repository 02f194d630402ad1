import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway({ REQUEST_DEADLINE_MS: '1000' });
});
afterEach(() => gateway.stop());

const order = () => gateway.request('/orders', { body: GOOD_ORDER });
const orders = (count: number) => Promise.all(Array.from({ length: count }, order));
const metrics = async () => (await fetch(`${gateway.managementUrl}/metrics`)).text();
const changes = () => gateway.logs().filter(({ msg }) => msg === 'breaker changed');

/** The first answer that orders had no part in: it may take a moment to open, and lets one call a second through. */
async function refusedWithoutCall(): Promise<Response> {
  let answer!: Response;
  await eventually('an answer without a call', async () => {
    const calls = gateway.orders.calls.length;
    answer = await order();
    return gateway.orders.calls.length === calls;
  });
  return answer;
}
const succeeds = () => eventually('an order succeeds', async () => (await order()).status === 201);

describe('the breaker', () => {
  it('opens while calls fail, answers with Retry-After, and closes when orders has recovered', async () => {
    const trouble = { code: 'unavailable' } as const;
    gateway.orders.failures.push(...Array.from({ length: 200 }, () => trouble));
    // On a machine that is busy for a second, the deadline of some passes first.
    for (const { status } of await orders(20)) expect([503, 504]).toContain(status);
    expect(await metrics()).toMatch(/breaker_state\{upstream="orders"\} [12]/);

    const refused = await refusedWithoutCall();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ type: 'urn:problem:orders:unavailable' });

    gateway.orders.failures.length = 0;
    await succeeds();
    const states = changes().map(({ state }) => state);
    expect([states[0], ...states.slice(-2)]).toEqual(['open', 'half-open', 'closed']);
    expect(await metrics()).toMatch(/breaker_changes_total\{[^}]*state="open"[^}]*\} [1-9]/);
  });

  it('opens when calls hang, and closes after one trial request succeeds', async () => {
    gateway.orders.hold = new Promise(() => undefined);
    expect((await orders(20)).map(({ status }) => status)).toEqual(Array(20).fill(504));
    expect((await refusedWithoutCall()).status).toBe(503);
    gateway.orders.hold = undefined;
    await succeeds();
  });

  it.each(['validation-failed', 'idempotency-key-reused', 'idempotency-key-in-use'] as const)(
    'never opens because orders answers %s',
    async (code) => {
      gateway.orders.failures.push(...Array.from({ length: 60 }, () => ({ code })));
      await orders(60);
      expect(changes()).toEqual([]);
    },
  );

  it('never opens because clients go away', async () => {
    await gateway.stop();
    gateway = await startGateway({ REQUEST_DEADLINE_MS: '600000' }); // else a slow machine lets some pass theirs
    gateway.orders.hold = new Promise(() => undefined);
    const token = await gateway.issuer.token('alice', 'orders:write');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const gone = new AbortController();
    const init = { method: 'POST', headers, body: JSON.stringify(GOOD_ORDER), signal: gone.signal };
    const requests = Array.from({ length: 30 }, () => fetch(`${gateway.url}/orders`, init));
    await eventually('orders has all', () => gateway.orders.received.length === 30);
    gone.abort();
    await Promise.allSettled(requests);
    gateway.orders.hold = undefined;
    expect((await order()).status).toBe(201);
    expect(changes()).toEqual([]);
  });
});
