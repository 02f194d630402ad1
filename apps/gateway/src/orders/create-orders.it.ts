import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import { eventually } from '@orders/resilience/testing/eventually';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGateway({ GATHER_ORDERS_MS: '500' });
});
afterEach(() => gateway.stop());

const order = (key: string, headers: Record<string, string> = {}) =>
  gateway.request('/orders', { body: GOOD_ORDER, headers: { 'idempotency-key': key, ...headers } });
const until = (condition: () => boolean) => eventually(condition.toString(), condition);

/** Sends orders while a call is in progress, so that they share the next call, and waits for all answers. */
async function together<T>(send: () => Promise<T>[]): Promise<{ answers: T[]; call: CallOfMany }> {
  const held = Promise.withResolvers<void>();
  gateway.orders.hold = held.promise;
  const first = order('first');
  await until(() => gateway.orders.received.length === 1);
  const sent = send();
  await until(() => gateway.orders.received.length === 1 + sent.length);
  held.resolve();
  await first;
  return { answers: await Promise.all(sent), call: gateway.orders.calls[1] as unknown as CallOfMany };
}

type CallOfMany = { request: ordersV1.CreateOrdersRequest; metadata: { getMap(): object } };

/** A problem as a client sees it, without the ids of its request. */
async function seen(answer: Response) {
  const body = (await answer.json()) as Record<string, unknown>;
  const headers = ['content-type', 'retry-after', 'idempotency-key'].map((name) => answer.headers.get(name));
  return { status: answer.status, headers, body: { ...body, requestId: '', traceId: '' } };
}

describe('concurrent orders', () => {
  it('share one call, each with its own key, ids, trace, deadline and answer', async () => {
    const trace = (n: number) => `00-0af7651916cd43dd8448eb211c80319${n}-b7ad6b7169203331-01`;
    const beganAt = performance.now();
    const { answers, call } = await together(() =>
      [1, 2, 3].map((n) =>
        order(`key-${n}`, {
          'x-request-id': `request-${n}`,
          'x-correlation-id': `correlation-${n}`,
          traceparent: trace(n),
        }),
      ),
    );
    const tookMs = performance.now() - beganAt;
    expect(gateway.orders.calls).toHaveLength(2);
    const { orders } = call.request;
    expect(new Set(orders.map(({ idempotencyKey }) => idempotencyKey))).toEqual(
      new Set(['key-1', 'key-2', 'key-3']),
    );
    for (const { idempotencyKey, context } of orders) {
      const n = Number(idempotencyKey.at(-1));
      expect(context).toMatchObject({
        requestId: `request-${n}`,
        correlationId: `correlation-${n}`,
        traceparent: trace(n),
      });
      expect(context?.timeoutMs).toBeGreaterThanOrEqual(Math.floor(5_000 - tookMs));
      expect(context?.timeoutMs).toBeLessThanOrEqual(5_000);
    }
    expect(call.metadata.getMap()).not.toHaveProperty('x-request-id');
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as { id: string }).id),
    );
    expect(new Set(ids).size).toBe(3);
    expect(answers.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['key-1', 'key-2', 'key-3']);
  });

  it('that waited for a connection send the time left when there is one', async () => {
    await gateway.stop();
    gateway = await startGateway({ GATHER_ORDERS_MS: '20' });
    const { port } = gateway.orders;
    const timeouts: number[] = [];
    // Repeats until two orders got their connection before they gave up.
    while (timeouts.length < 2) {
      gateway.orders.stop();
      gateway.orders.calls.length = 0;
      const arrived = gateway.arrived();
      const sent = ['a', 'b', 'c', 'd'].map((key) => order(key));
      await until(() => gateway.arrived() === arrived + sent.length);
      const arrivedAt = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const waitedMs = performance.now() - arrivedAt;
      await gateway.orders.start(port);
      await Promise.all(sent);
      const calls = gateway.orders.calls as unknown as CallOfMany[];
      // An order alone in its call has no context: the deadline of the call is its own.
      const sentTimeouts = calls.flatMap(({ request }) =>
        request.orders.flatMap(({ context }) => context?.timeoutMs ?? []),
      );
      for (const timeoutMs of sentTimeouts) expect(timeoutMs).toBeLessThanOrEqual(5_000 - waitedMs);
      timeouts.push(...sentTimeouts);
    }
  });

  it('are replayed, refused or placed independently', async () => {
    await order('used');
    gateway.orders.calls.length = 0;
    const { answers } = await together(() => {
      const other = { items: [{ sku: 'PEN-1', quantity: 1, priceCents: 1 }] };
      const reused = gateway.request('/orders', { body: other, headers: { 'idempotency-key': 'used' } });
      return [order('used'), reused, order('new')];
    });
    expect(answers.map(({ status }) => status)).toEqual([201, 422, 201]);
    expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual(['true', null, null]);
  });

  it('fail with exactly the answer that a single order gets', async () => {
    const errors = [{ pointer: '/items/0/sku', detail: 'is sold out ☃' }];
    for (const code of ['validation-failed', 'idempotency-key-in-use', 'overloaded', 'internal'] as const) {
      gateway.orders.calls.length = 0;
      gateway.orders.hold = undefined;
      gateway.orders.failures.push({ code, errors });
      gateway.orders.failCalls = true;
      const alone = await seen(await order('k'));
      gateway.orders.failCalls = false;
      gateway.orders.calls.length = 0;
      const { answers } = await together(() => {
        gateway.orders.failures.push({ code: 'idempotency-key-in-use' }, { code, errors }, { code, errors });
        return [order('k'), order('k')];
      });
      for (const answer of answers) expect(await seen(answer)).toEqual(alone);
    }
  });

  it('are sent one by one when their call fails for another reason than an outage', async () => {
    const { answers } = await together(() => {
      gateway.orders.failures.push({ code: 'idempotency-key-in-use' }, { code: 'internal' });
      gateway.orders.failCalls = true;
      return [order('a'), order('b')];
    });
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(gateway.orders.calls).toHaveLength(4);
  });

  it('have their call cancelled only when all of their clients have gone', async () => {
    const token = await gateway.issuer.token('alice', 'orders:write');
    const clients = [new AbortController(), new AbortController()];
    const held = Promise.withResolvers<void>();
    gateway.orders.hold = held.promise;
    const first = order('first');
    await until(() => gateway.orders.received.length === 1);
    const requests = clients.map(({ signal }, n) =>
      fetch(`${gateway.url}/orders`, {
        method: 'POST',
        signal,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': `gone-${n}`,
        },
        body: JSON.stringify(GOOD_ORDER),
      }),
    );
    await until(() => gateway.orders.received.length === 3);
    let isCancelled = false;
    void gateway.orders.cancelled.promise.then(() => (isCancelled = true));
    clients[0]!.abort();
    await expect(requests[0]).rejects.toThrow();
    await until(() => gateway.logs().some(({ msg }) => msg === 'request not served'));
    expect(isCancelled).toBe(false);
    clients[1]!.abort();
    await gateway.orders.cancelled.promise;
    await expect(requests[1]).rejects.toThrow();
    held.resolve();
    expect((await first).status).toBe(201);
  });

  it('are counted in the metric of the batch size', async () => {
    await together(() => [1, 2, 3].map((n) => order(`key-${n}`)));
    const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/batch_items_bucket\{batcher="gateway.create-orders",le="4"\} [2-9]/);
    expect(metrics).toMatch(/batch_queue_length\{batcher="gateway.create-orders"\} 0/);
  });
});
