import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { until } from '@orders/dev/stack/until';
import { census } from './census.ts';
import { type Answer, Customer, freshSystem, inParallel, ITEMS, type SystemUnderTest } from './client.ts';
import { censusOnceApplied, expectAllAgree } from './load.ts';

let sut: SystemUnderTest;
let alice: Customer;
let bob: Customer;

beforeAll(async () => {
  sut = await freshSystem();
  alice = await Customer.of(sut.system, 'alice');
  bob = await Customer.of(sut.system, 'bob');
}, 120_000);
afterAll(() => sut.dispose(), 60_000);

const shipment = async (orderId: string) => {
  const response = await fetch(`${sut.system.urls.effects.fulfillment}/${orderId}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

/** The shipment once it looks as it should; 1 s is what the README promises on an idle system. */
const shipmentWithin = (ms: number, orderId: string, wanted: (body: Record<string, unknown>) => boolean) =>
  until(
    async () => {
      const { status, body } = await shipment(orderId);
      return status === 200 && wanted(body) ? body : undefined;
    },
    { timeoutMs: ms, everyMs: 10, what: `the shipment of ${orderId}` },
  );

describe('one order', () => {
  it('goes from HTTP to its effect, and can be read, listed and cancelled', async () => {
    const placed = await alice.order();
    expect(placed.status).toBe(201);
    expect(placed.body).toMatchObject({
      customerId: 'alice',
      items: ITEMS,
      totalCents: 849,
      status: 'CREATED',
    });
    expect(placed.headers.get('location')).toBe(`/orders/${placed.body.id}`);
    const planned = await shipmentWithin(1_000, placed.body.id, () => true);
    expect(planned).toMatchObject({ customerId: 'alice', units: 4, status: 'PLANNED', eventsApplied: 1 });

    expect((await alice.request('GET', `/orders/${placed.body.id}`)).body).toEqual(placed.body);
    const list = await alice.request('GET', '/orders?limit=1');
    expect(list.body['orders']).toEqual([placed.body]);

    const canceled = await alice.request('POST', `/orders/${placed.body.id}/cancel`, {
      headers: { 'if-match': '"1"' },
    });
    expect(canceled.body).toMatchObject({ status: 'CANCELED', version: 2 });
    const dropped = await shipmentWithin(1_000, placed.body.id, ({ status }) => status === 'CANCELED');
    expect(dropped).toMatchObject({ eventsApplied: 2 });
    const again = await alice.request('POST', `/orders/${placed.body.id}/cancel`);
    expect([again.status, again.body]).toEqual([200, canceled.body]);
  });

  it("is nobody else's", async () => {
    const { body } = await alice.order();
    for (const [method, path] of [
      ['GET', `/orders/${body.id}`],
      ['POST', `/orders/${body.id}/cancel`],
    ] as const) {
      const answer = await bob.request(method, path);
      const missing = await bob.request(method, path.replace(body.id, randomUUID()));
      expect(answer.status).toBe(404);
      expect({ ...answer.body, requestId: '', traceId: '' }).toEqual({
        ...missing.body,
        requestId: '',
        traceId: '',
      });
    }
    expect((await bob.request('GET', '/orders')).body['orders']).toEqual([]);
  });

  it('is the same order for the same key, and 422 for another one', async () => {
    const key = randomUUID();
    const first = await alice.order(key);
    const again = await alice.order(key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    const other = await alice.order(key, { items: ITEMS.slice(1) });
    expect([other.status, other.body['type']]).toEqual([422, 'urn:problem:orders:idempotency-key-reused']);
    expect((await bob.order(key)).status).toBe(201);
  });

  it('is one order, 50 times at once with one key', async () => {
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 50 }, () => alice.order(key)));
    const created = answers.filter(({ status }) => status === 201);
    expect(answers.filter(({ status }) => ![201, 409].includes(status))).toEqual([]);
    expect(new Set(created.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(created.filter(({ headers }) => !headers.has('idempotent-replayed'))).toHaveLength(1);
  });

  it('can be followed through the logs of its apps by its ids', async () => {
    const requestId = `e2e-${randomUUID()}`;
    const placed = await alice.request('POST', '/orders', {
      body: { items: ITEMS },
      headers: { 'x-request-id': requestId },
    });
    expect(placed.headers.get('x-request-id')).toBe(requestId);
    const logged = (app: string) =>
      sut.lines
        .filter((line) => line.startsWith(`${app}: `) && line.includes(requestId))
        .map((line) => line.slice(app.length + 2));
    const apps = ['gateway', 'orders', ...Object.keys(sut.system.urls.effects)];
    await until(async () => apps.every((app) => logged(app).length > 0), {
      timeoutMs: 20_000,
      what: 'a line in each log',
    });
    const traceIds = apps.map((app) => (JSON.parse(logged(app)[0] ?? '{}') as { traceId?: string }).traceId);
    expect(traceIds[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(traceIds).size).toBe(1);
  });
});

describe('bad input', () => {
  it.each<[string, unknown, string | undefined]>([
    ['no items', { items: [] }, '/items'],
    ['no body', undefined, undefined],
    ['an unknown field', { items: ITEMS, discount: 5 }, '/discount'],
    ['a wrong type', { items: [{ ...ITEMS[0], quantity: '3' }] }, '/items/0/quantity'],
    ['quantity 0', { items: [{ ...ITEMS[0], quantity: 0 }] }, '/items/0/quantity'],
    ['quantity 1,001', { items: [{ ...ITEMS[0], quantity: 1_001 }] }, '/items/0/quantity'],
    ['a negative price', { items: [{ ...ITEMS[0], priceCents: -1 }] }, '/items/0/priceCents'],
    ['an unsafe price', { items: [{ ...ITEMS[0], priceCents: 2 ** 53 }] }, '/items/0/priceCents'],
    ['a total beyond 2^53-1', { items: [{ sku: 'x', quantity: 2, priceCents: 2 ** 53 - 1 }] }, '/items'],
    ['NUL', { items: [{ ...ITEMS[0], sku: 'a\0' }] }, '/items/0/sku'],
    ['101 items', { items: Array.from({ length: 101 }, () => ITEMS[0]) }, '/items'],
  ])('%s is refused, named, and stores nothing', async (_name, body, pointer) => {
    const before = (await census(sut.system)).orders.length;
    const answer = await alice.request('POST', '/orders', {
      body,
      headers: { 'idempotency-key': randomUUID() },
    });
    expect([400, 415, 422]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    if (pointer !== undefined) {
      const errors = answer.body['errors'] as { pointer: string }[];
      expect(errors.map((error) => error.pointer)).toContain(pointer);
    }
    expect((await census(sut.system)).orders).toHaveLength(before);
  });

  it('needs a token with the right scope, and the right customer', async () => {
    expect((await new Customer(sut.system.urls.api, 'nonsense').order()).status).toBe(401);
    expect((await (await Customer.of(sut.system, 'alice', 'orders:read')).order()).status).toBe(403);
    expect((await alice.order(randomUUID(), { customerId: 'bob', items: ITEMS })).status).toBe(403);
    const admin = await Customer.of(sut.system, 'root', 'orders:write orders:admin');
    expect((await admin.order(randomUUID(), { customerId: 'bob', items: ITEMS })).body['customerId']).toBe(
      'bob',
    );
  });
});

describe('1,000 orders at 32 connections', () => {
  it('are acknowledged, stored, published and applied, each once', async () => {
    const acknowledged: string[] = [];
    const start = await census(sut.system);
    await inParallel(1_000, 32, async () => {
      const answer: Answer = await alice.order();
      expect(answer.status).toBe(201);
      acknowledged.push(answer.body.id);
    });
    const end = await censusOnceApplied(sut.system);
    expect(end.orders).toEqual([...start.orders, ...acknowledged].sort());
    expectAllAgree(end);
  }, 90_000);
});
