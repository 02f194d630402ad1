import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import type { OpenApi } from '@orders/http/testing/api-document';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from './testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const readJson = async <T>(response: Response) => (await response.json()) as T;

describe('an order', () => {
  it('is placed, read, listed and cancelled', async () => {
    const placed = await gateway.request('/orders', { body: GOOD_ORDER });
    expect(placed.status).toBe(201);
    const order = await readJson<ordersV1.Order>(placed);
    expect(order).toEqual({
      id: expect.any(String),
      customerId: 'alice',
      items: GOOD_ORDER.items,
      totalCents: 3_998,
      status: 'CREATED',
      createdAt: '2026-11-22T10:00:00.000Z',
      version: 1,
    });
    expect(placed.headers.get('location')).toBe(`/orders/${order.id}`);
    expect(placed.headers.get('etag')).toBe('"1"');
    expect(placed.headers.get('idempotent-replayed')).toBeNull();

    const read = await gateway.request(`/orders/${order.id.toUpperCase()}`);
    expect(await read.json()).toEqual(order);
    const list = await readJson<{ orders: ordersV1.Order[]; nextCursor: string | null }>(
      await gateway.request('/orders'),
    );
    expect(list).toEqual({ orders: [order], nextCursor: null });

    const stale = await gateway.request(`/orders/${order.id}/cancel`, {
      method: 'POST',
      headers: { 'if-match': '"7"' },
    });
    expect(stale.status).toBe(412);
    const cancelled = await gateway.request(`/orders/${order.id}/cancel`, {
      method: 'POST',
      headers: { 'if-match': '"1"' },
    });
    expect(cancelled.status).toBe(200);
    expect(cancelled.headers.get('etag')).toBe('"2"');
    expect((await readJson<ordersV1.Order>(cancelled)).status).toBe('CANCELED');
  });

  it('is returned again for the same key, bare or in quotes', async () => {
    const first = await gateway.request('/orders', {
      body: GOOD_ORDER,
      headers: { 'idempotency-key': 'once' },
    });
    const again = await gateway.request('/orders', {
      body: GOOD_ORDER,
      headers: { 'idempotency-key': '"once"' },
    });
    expect(again.status).toBe(first.status);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await again.json()).toEqual(await first.json());
    // Unchanged: without its outer quotes, a key that contains quotes could be read as another key.
    expect(again.headers.get('idempotency-key')).toBe('"once"');
  });

  it('is refused when its key belongs to another order', async () => {
    await gateway.request('/orders', { body: GOOD_ORDER, headers: { 'idempotency-key': 'taken' } });
    const other = { items: [{ sku: 'PEN-1', quantity: 1, priceCents: 1 }] };
    const answer = await gateway.request('/orders', { body: other, headers: { 'idempotency-key': 'taken' } });
    expect(answer.status).toBe(422);
    expect((await readJson<{ type: string }>(answer)).type).toBe('urn:problem:orders:idempotency-key-reused');
  });

  it('that was refused leaves its key unused', async () => {
    const headers = { 'idempotency-key': 'tried' };
    const refused = await gateway.request('/orders', { body: { items: [] }, headers });
    expect(refused.status).toBe(422);
    expect((await gateway.request('/orders', { body: GOOD_ORDER, headers })).status).toBe(201);
  });

  it('gets a generated key when the request has none', async () => {
    const ids = await Promise.all(
      [1, 2].map(
        async () =>
          (await readJson<ordersV1.Order>(await gateway.request('/orders', { body: GOOD_ORDER }))).id,
      ),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('of another customer is not found, except by an admin, who may also place one for others', async () => {
    const admin = `Bearer ${await gateway.issuer.token('root', 'orders:read orders:write orders:admin')}`;
    const body = { ...GOOD_ORDER, customerId: 'bob' };
    const placed = await gateway.request('/orders', { body, headers: { authorization: admin } });
    expect(placed.status).toBe(201);
    const { id, customerId } = await readJson<ordersV1.Order>(placed);
    expect(customerId).toBe('bob');
    expect((await gateway.request(`/orders/${id}`)).status).toBe(404);
    expect((await gateway.request(`/orders/${id}/cancel`, { method: 'POST' })).status).toBe(404);
    expect((await gateway.request(`/orders/${id}`, { headers: { authorization: admin } })).status).toBe(200);
    const bobs = await gateway.request('/orders?customerId=bob', { headers: { authorization: admin } });
    expect(await bobs.json()).toMatchObject({ orders: [{ id }] });
    expect((await gateway.request('/orders?customerId=bob')).status).toBe(403);
    const own = await gateway.request('/orders', { headers: { authorization: admin } });
    expect(await own.json()).toEqual({ orders: [], nextCursor: null });
  });
});

describe('a request', () => {
  it('passes its id from the header to the answer, orders and the log, with a new trace', async () => {
    const answer = await gateway.request('/orders', {
      body: GOOD_ORDER,
      headers: {
        'x-request-id': 'req-1.a_B',
        'x-correlation-id': 'checkout-9',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    });
    expect(answer.headers.get('x-request-id')).toBe('req-1.a_B');
    const metadata = gateway.orders.calls.at(-1)?.metadata.getMap();
    expect(metadata).toMatchObject({
      'x-request-id': 'req-1.a_B',
      'x-correlation-id': 'checkout-9',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    const line = gateway
      .logs()
      .find((entry) => entry['msg'] === 'request' && entry['requestId'] === 'req-1.a_B');
    expect(line).toMatchObject({
      name: 'gateway',
      level: 30,
      method: 'POST',
      path: '/orders',
      status: 201,
      correlationId: 'checkout-9',
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
    expect(JSON.stringify(gateway.logs())).not.toContain('Bearer');
  });

  it('gets a new id when its own is invalid, and a new trace when its own is invalid', async () => {
    const answer = await gateway.request('/nothing', {
      headers: { 'x-request-id': 'a b<script>', traceparent: 'zz' },
    });
    const id = answer.headers.get('x-request-id') ?? '';
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await answer.json()).toMatchObject({
      status: 404,
      requestId: id,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('passes the rest of its deadline to orders', async () => {
    const [sentAt] = [Date.now(), await gateway.request('/orders', { body: GOOD_ORDER })];
    const deadline = Number(gateway.orders.calls.at(-1)?.getDeadline());
    expect(deadline).toBeGreaterThanOrEqual(sentAt + 5_000 - 1);
    expect(deadline).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it('is counted by route, not by path', async () => {
    await gateway.request('/orders/0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b');
    const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /http_server_request_duration_seconds_count\{[^}]*http_route="\/orders\/:id"[^}]*\} \d/,
    );
    expect(metrics).not.toContain('0199a1b2');
    expect(metrics).toMatch(/process_resident_memory_bytes \d{7}/);
  });

  it('is counted under one method and one route when the API has neither, whatever callers send', async () => {
    for (const method of ['MKCOL', 'PROPFIND', 'PURGE'])
      await fetch(`${gateway.url}/some-${method.toLowerCase()}`, { method });
    const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(
      /http_server_request_duration_seconds_count\{http_request_method="_OTHER",http_route="unmatched",[^}]*\} 3/,
    );
    expect(metrics).not.toMatch(/MKCOL|PROPFIND|PURGE|some-/);
  });
});

describe('the documents', () => {
  it('list every route and no other', async () => {
    const document = await readJson<OpenApi>(await fetch(`${gateway.url}/openapi.json`));
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    const served = gateway.routes.filter((route) => !route.startsWith('HEAD') && !route.includes('/docs'));
    expect(documented.sort()).toEqual([...served, 'GET /healthz', 'GET /openapi.json'].sort());
  });

  it('have a page that loads nothing from other origins', async () => {
    const page = await fetch(`${gateway.url}/docs`);
    expect(page.url).toBe(`${gateway.url}/docs/`);
    const html = await page.text();
    expect(html).toContain('js/scalar.js');
    expect(html).not.toContain('https://');
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'self'");
    const script = await fetch(`${gateway.url}/docs/js/scalar.js`);
    expect((await script.text()).length).toBeGreaterThan(1_000_000);
  });
});
