import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import { eventually } from '@orders/resilience/testing/eventually';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

const STRANGER = '00000000-0000-7000-8000-000000000000';

let gateway: GatewayUnderTest;
let id: string;
beforeEach(async () => {
  gateway = await startGateway({ GATHER_ORDERS_MS: '500' });
  const created = await gateway.request('/orders', { body: GOOD_ORDER });
  ({ id } = (await created.json()) as { id: string });
  gateway.orders.calls.length = 0;
});
afterEach(() => gateway.stop());

const get = (which = id, headers: Record<string, string> = {}) =>
  gateway.request(`/orders/${which}`, { headers });
const list = (limit: number) => gateway.request(`/orders?limit=${limit}`);
const until = (condition: () => boolean) => eventually(condition.toString(), condition);

type Call<Request> = { request: { requests: Request[] }; metadata: { getMap(): Record<string, unknown> } };

/** Sends requests while a call is in progress, so that they share the next one, and waits for all answers. */
async function together<Request>(first: () => Promise<Response>, send: () => Promise<Response>[]) {
  const held = Promise.withResolvers<void>();
  gateway.orders.hold = held.promise;
  const { calls } = gateway.orders;
  const before = calls.length;
  const leader = first();
  await until(() => calls.length === before + 1);
  const sent = send();
  const asked = () =>
    calls.slice(before + 1).flatMap((call) => (call as unknown as Call<Request>).request.requests).length;
  await until(() => asked() === sent.length);
  held.resolve();
  await leader;
  const answers = await Promise.all(sent);
  return { answers, call: calls[before + 1] as unknown as Call<Request>, count: calls.length - before };
}

/** An answer as a client sees it, without the ids of its request. */
async function seen(answer: Response) {
  const body = (await answer.json()) as Record<string, unknown>;
  const headers = ['content-type', 'etag', 'cache-control'].map((name) => answer.headers.get(name));
  const { status } = answer;
  return { status, headers, body: { ...body, requestId: '', traceId: '' } };
}

describe('concurrent reads', () => {
  it('share one call, each with its own owner, ids, trace, deadline and answer', async () => {
    const trace = (n: number) => `00-0af7651916cd43dd8448eb211c80319${n}-b7ad6b7169203331-01`;
    const admin = await gateway.issuer.token('root', 'orders:read orders:admin');
    const { answers, call, count } = await together<ordersV1.GetOrderRequest>(get, () => [
      get(id, { 'x-request-id': 'request-1', traceparent: trace(1) }),
      get(STRANGER, { 'x-request-id': 'request-2', 'x-correlation-id': 'c-2', traceparent: trace(2) }),
      get(id, { 'x-request-id': 'request-3', traceparent: trace(3), authorization: `Bearer ${admin}` }),
    ]);
    expect(count).toBe(2);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200]);
    const requests = call.request.requests.toSorted((a, b) =>
      String(a.context?.requestId).localeCompare(String(b.context?.requestId)),
    );
    const timeoutMs = expect.any(Number);
    expect(requests).toEqual([
      {
        ...{ id, customerId: 'alice' },
        context: { traceparent: trace(1), requestId: 'request-1', correlationId: '', timeoutMs },
      },
      {
        ...{ id: STRANGER, customerId: 'alice' },
        context: { traceparent: trace(2), requestId: 'request-2', correlationId: 'c-2', timeoutMs },
      },
      {
        ...{ id, customerId: '' },
        context: { traceparent: trace(3), requestId: 'request-3', correlationId: '', timeoutMs },
      },
    ]);
    for (const { context } of requests) expect(context?.timeoutMs).toBeGreaterThan(0);
    expect(call.metadata.getMap()).not.toHaveProperty('x-request-id');
  });

  it('get byte for byte the answer that one alone gets', async () => {
    for (const which of [id, STRANGER]) {
      const alone = await seen(await get(which));
      const { answers } = await together(get, () => [get(which), get(which), get(STRANGER)]);
      for (const answer of answers.slice(0, 2)) expect(await seen(answer)).toEqual(alone);
    }
  });

  it('of pages share one call, each with its own size', async () => {
    const { answers, call, count } = await together<ordersV1.ListOrdersRequest>(
      () => list(9),
      () => [list(1), list(2)],
    );
    expect(count).toBe(2);
    expect(call.request.requests.map(({ limit }) => limit).sort()).toEqual([1, 2]);
    const pages = await Promise.all(
      answers.map((answer) => answer.json() as Promise<{ nextCursor: unknown }>),
    );
    expect(pages.map(({ nextCursor }) => nextCursor)).toEqual(['bmV4dA', null]);
  });

  it('wait for no other kind of call that hangs', async () => {
    const held = Promise.withResolvers<void>();
    const { orders } = gateway;
    orders.hold = held.promise;
    const hanging = [get(), gateway.request('/orders', { body: GOOD_ORDER })];
    await until(() => orders.calls.length === 2);
    orders.hold = undefined;
    expect((await list(1)).status).toBe(200);
    held.resolve();
    expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([200, 201]);
  });

  it('are repeated once when they were UNAVAILABLE, and no others with them', async () => {
    const { answers, count } = await together(get, () => {
      gateway.orders.failures.push(undefined, { code: 'unavailable' });
      return [get(), get(STRANGER)];
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 404]);
    expect(count).toBe(3);
    gateway.orders.failures.push({ code: 'unavailable' }, { code: 'unavailable' });
    expect((await get()).status).toBe(503);
  });

  // During a rollout the gateway may be newer than orders.
  it('are made one by one while orders is of a version that has no calls for many', async () => {
    const { port } = gateway.orders;
    gateway.orders.stop();
    gateway.orders.isOld = true;
    await gateway.orders.start(port);
    const reads = [get(), get(STRANGER), list(1), get()];
    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual([200, 404, 200, 200]);
    const paths = gateway.orders.calls.map((call) => call.getPath());
    expect(new Set(paths)).toEqual(new Set(['/orders.v1.Orders/GetOrder', '/orders.v1.Orders/ListOrders']));
  });
});
