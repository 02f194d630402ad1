import 'reflect-metadata';

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';

import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

/** The deadline of a request, in ms. */
const DEADLINE_MS = 20_000;

let gateway: GatewayUnderTest;
let held: PromiseWithResolvers<void>;
/** Few places and long limits of time: on a busy machine no limit passes that a test does not set. */
const start = async (more: Record<string, string> = {}) =>
  startGateway({
    MAX_CONCURRENT_REQUESTS: '2',
    MAX_QUEUED_REQUESTS: '2',
    MAX_QUEUE_MS: String(DEADLINE_MS),
    MAX_CONNECTIONS: '20',
    REQUEST_DEADLINE_MS: String(DEADLINE_MS),
    ...more,
  });
const restart = async (more: Record<string, string>) => {
  await gateway.stop();
  gateway = await start(more);
};
beforeEach(async () => {
  gateway = await start();
  held = Promise.withResolvers();
});
afterEach(() => {
  held.resolve();
  return gateway.stop();
});

const order = (headers: Record<string, string> = {}) =>
  gateway.request('/orders', { body: GOOD_ORDER, headers });
const orderOf = async (caller: string, headers: Record<string, string> = {}) =>
  order({ ...headers, authorization: await bearer(caller) });
const bearer = async (caller: string) => `Bearer ${await gateway.issuer.token(caller, 'orders:write')}`;
const metrics = async () => (await fetch(`${gateway.managementUrl}/metrics`)).text();
const refusedAsFull = async () =>
  Number(
    /^http_server_refused_total\{[^}]*reason="full",lane="writes"[^}]*\} (\d+)$/m.exec(await metrics())?.[1],
  );
const orderOnTheWire = (authorization: string) => {
  const body = JSON.stringify(GOOD_ORDER);
  const head = ['POST /orders HTTP/1.1', 'Host: a', `Authorization: ${authorization}`];
  const length = `Content-Length: ${body.length}`;
  return [...head, 'Content-Type: application/json', length, '', body].join('\r\n');
};
const statusesOn = async (socket: Socket, count: number) => {
  const statuses: number[] = [];
  while (statuses.length < count) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    for (const [, status] of chunk.toString().matchAll(/HTTP\/1\.1 (\d{3})/g)) statuses.push(Number(status));
  }
  return statuses;
};
const askedAre = (count: number) =>
  eventually(`orders is asked ${count} times`, () => gateway.orders.received.length >= count);
const arrivedAre = (count: number) =>
  eventually(`${count} requests have arrived`, () => gateway.arrived() >= count);

/** Two orders of one caller are in progress, and two wait. */
const held4 = async (headers: Record<string, string> = {}) => {
  const arrived = gateway.arrived();
  const orders = Array.from({ length: 4 }, () => order(headers));
  await arrivedAre(arrived + 4);
  return orders;
};

describe('overload', () => {
  it.each([
    /^http_server_refused_total\{[^}]*reason="event-loop"[^}]*\} 0$/m,
    /^breaker_changes_total\{[^}]*state="open"[^}]*\} 0$/m,
  ])('shows %s before there is any: else an alert would miss the first', async (series) => {
    expect(await metrics()).toMatch(series);
  });

  it('lets two in, two wait, and refuses the rest with 503 and Retry-After; health answers', async () => {
    gateway.orders.hold = held.promise;
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = ids.map((id) => orderOf(id, { 'x-request-id': id }));
    const first = await Promise.race(answers);
    expect(first.status).toBe(503);
    expect(first.headers.get('retry-after')).toBe('1');
    expect(await first.json()).toMatchObject({ type: 'urn:problem:orders:overloaded' });
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    await askedAre(2);
    expect(gateway.orders.received).toHaveLength(2);
    held.resolve();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 201, 201, 201, 503, 503]);
    // A request that waited continues in its own context, not in that of the request that freed the place.
    const seen = gateway.orders.received.map(({ requestId }) => requestId);
    expect(new Set(seen).size).toBe(4);
    expect(await metrics()).toMatch(/http_server_refused_total\{[^}]*reason="full",lane="writes"[^}]*\} 2/);
  });

  // Reads and orders shared the places: with slow reads in all of them, orders were refused.
  it('of reads leaves the places of orders alone, and the other way round', async () => {
    const read = () => gateway.request('/orders?limit=1');
    for (const [slow, other, status] of [
      [read, order, 201],
      [order, read, 200],
    ] as const) {
      gateway.orders.hold = held.promise;
      const arrived = gateway.arrived();
      const calls = gateway.orders.calls.length;
      const inside = Array.from({ length: 4 }, () => slow());
      await arrivedAre(arrived + 4);
      await eventually('orders is called', () => gateway.orders.calls.length > calls);
      expect((await slow()).status).toBe(503);
      gateway.orders.hold = undefined;
      expect((await other()).status).toBe(status);
      held.resolve();
      expect((await Promise.all(inside)).map(({ status }) => status)).not.toContain(503);
      held = Promise.withResolvers();
    }
  });

  it('refuses early, without the access log and other work', async () => {
    // The token is cached and two connections are open, so both of the next requests enter before orders is called.
    await Promise.all([order(), order()]);
    gateway.orders.hold = held.promise;
    const inside = await held4();
    const refused = await order();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.headers.get('x-request-id')).toBeNull();
    held.resolve();
    for (const answer of await Promise.all(inside)) expect(answer.status).toBe(201);
  });

  it('refuses requests that have waited too long, and serves again when there is room', async () => {
    await restart({ MAX_QUEUE_MS: '500' });
    gateway.orders.hold = held.promise;
    const inside = [orderOf('a'), orderOf('b')];
    await askedAre(2);
    const late = await orderOf('bob');
    expect(late.status).toBe(503);
    held.resolve();
    for (const answer of await Promise.all(inside)) expect(answer.status).toBe(201);
    expect((await order()).status).toBe(201);
  });

  it('counts the wait towards the deadline', async () => {
    gateway.orders.hold = held.promise;
    const inside = [orderOf('a'), orderOf('b')];
    await askedAre(2);
    const [arrived, sentAt] = [gateway.arrived(), Date.now()];
    const waiting = orderOf('c');
    await arrivedAre(arrived + 1);
    const arrivedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const goesOnAt = Date.now();
    held.resolve();
    expect((await waiting).status).toBe(201);
    const onItsWayMs = Date.now() - goesOnAt;
    await Promise.all(inside);
    const deadline = Number(gateway.orders.calls.at(-1)?.getDeadline());
    // Counted from its arrival, which was before the pause.
    expect(deadline).toBeGreaterThanOrEqual(sentAt + DEADLINE_MS - 1);
    expect(deadline).toBeLessThanOrEqual(arrivedAt + DEADLINE_MS + onItsWayMs + 1);
  });

  it('frees the places of clients that go away', async () => {
    gateway.orders.hold = held.promise;
    const gone = new AbortController();
    const ids = ['a', 'b', 'c', 'd'];
    const requests = ids.map(async (caller) => {
      const headers = { authorization: await bearer(caller), 'content-type': 'application/json' };
      const body = JSON.stringify(GOOD_ORDER);
      return fetch(`${gateway.url}/orders`, { method: 'POST', signal: gone.signal, headers, body });
    });
    await askedAre(2);
    gone.abort();
    await Promise.allSettled(requests);
    await gateway.orders.cancelled.promise;
    held.resolve();
    gateway.orders.hold = undefined;
    const statuses = await Promise.all(ids.map(async (caller) => (await orderOf(caller)).status));
    expect(statuses).toEqual([201, 201, 201, 201]);
  });

  it('keeps room for a quiet caller beside one that floods', async () => {
    await restart({ MAX_CONCURRENT_REQUESTS: '16', MAX_QUEUED_REQUESTS: '16', MAX_CONNECTIONS: '60' });
    gateway.orders.hold = held.promise;
    const noisy = Array.from({ length: 40 }, () => order());
    const refused = Promise.withResolvers<void>();
    let refusals = 0;
    for (const answer of noisy)
      void answer.then(({ status }) => status === 503 && (refusals += 1) === 10 && refused.resolve());
    await refused.promise;
    expect(gateway.orders.received).toHaveLength(15);
    const quiet = orderOf('bob');
    await askedAre(16);
    held.resolve();
    expect((await quiet).status).toBe(201);
    await Promise.all(noisy);
  });

  it('refuses requests pipelined behind a held refusal, which would keep their places until it is sent', async () => {
    gateway.orders.hold = held.promise;
    const [alice, bob] = await Promise.all([bearer('alice'), bearer('bob')]);
    const inside = await held4({ authorization: alice });
    const socket = connect(gateway.port, '127.0.0.1');
    const refusedBefore = await refusedAsFull();
    socket.write(orderOnTheWire(alice) + orderOnTheWire(bob));
    await eventually('one is refused', async () => (await refusedAsFull()) !== refusedBefore);
    held.resolve();
    expect(await statusesOn(socket, 2)).toEqual([503, 503]);
    await Promise.all(inside);
    socket.write(orderOnTheWire(bob));
    expect(await statusesOn(socket, 1)).toEqual([201]);
    socket.destroy();
  });

  it('closes connections above the limit, and counts them', async () => {
    const open = Array.from({ length: 20 }, () => connect(gateway.port, '127.0.0.1'));
    await Promise.all(open.map((socket) => once(socket, 'connect')));
    const tooMany = connect(gateway.port, '127.0.0.1');
    await once(tooMany, 'close');
    expect(await metrics()).toMatch(/^http_server_refused_total\{[^}]*reason="connections"[^}]*\} 1$/m);
    open.forEach((socket) => socket.destroy());
  });

  it('refuses everything but health checks while the event loop is late', async () => {
    await restart({ MAX_EVENT_LOOP_DELAY_MS: '60' });
    let status = 0;
    for (let n = 0; n < 50 && status !== 503; n += 1) {
      const answer = order();
      for (let blocks = 0; blocks < 4; blocks += 1) {
        for (const until = performance.now() + 200; performance.now() < until;);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      ({ status } = await answer);
    }
    expect(status).toBe(503);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    await eventually('orders are taken again', async () => (await order()).status === 201);
  });
});
