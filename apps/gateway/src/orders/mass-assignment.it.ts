import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ordersV1 } from '@orders/rpc';
import { GOOD_ORDER, startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';
import { createOrderBody, orderBody } from './order.schema.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** What a caller might set: the other fields of an order as it is answered, stored or sent on, and those of every object. */
const NOT_THE_CALLERS = [
  ...Object.keys(orderBody.shape).filter((field) => !(field in createOrderBody.shape)),
  ...[
    'idempotencyKey',
    'idempotency_key',
    'requestHash',
    'context',
    'customer_id',
    'customer',
    'sub',
    'scope',
  ],
  ...['total', 'discount', 'admin', 'isAdmin', 'role', 'expectedVersion'],
  ...['constructor', 'prototype', 'toString', 'hasOwnProperty', 'toJSON'],
];

const set = (field: string) => ({ [field]: field === 'status' ? 'CANCELED' : 1 });

/** The status of the answer and the places that it names, after a request that must reach nobody. */
async function refusal(path: string, init: { method?: string; body?: unknown }) {
  const before = gateway.orders.calls.length;
  const answer = await gateway.request(path, init);
  expect(gateway.orders.calls.length).toBe(before);
  const { errors = [] } = (await answer.json()) as { errors?: { pointer: string }[] };
  return { status: answer.status, pointers: errors.map(({ pointer }) => pointer) };
}

describe('a caller cannot set', () => {
  it.each(NOT_THE_CALLERS)('%s of an order', async (field) => {
    const body = { ...GOOD_ORDER, ...set(field) };
    expect(await refusal('/orders', { body })).toEqual({ status: 422, pointers: [`/${field}`] });
  });

  it.each([...NOT_THE_CALLERS, 'lineTotal', 'currency'])('%s of an item', async (field) => {
    const body = { items: [{ ...GOOD_ORDER.items[0], ...set(field) }] };
    expect(await refusal('/orders', { body })).toEqual({ status: 422, pointers: [`/items/0/${field}`] });
  });

  it.each([...Object.keys(orderBody.shape), 'reason', 'expectedVersion'])('%s by a cancel', async (field) => {
    const path = '/orders/0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b/cancel';
    expect(await refusal(path, { body: set(field) })).toEqual({ status: 422, pointers: [`/${field}`] });
  });

  it.each(['status', 'customerid', 'customer_id', 'customerId[]', 'id', 'offset', 'sub', 'constructor'])(
    '%s of a list',
    async (field) => {
      const path = `/orders?${encodeURIComponent(field)}=1`;
      expect(await refusal(path, {})).toEqual({ status: 400, pointers: [field] });
    },
  );

  it.each(['__proto__', 'items":[],"customerId":"bob","items'])('anything by the key %s', async (key) => {
    const body = `{"items":${JSON.stringify(GOOD_ORDER.items)},"${key}":{"customerId":"bob"}}`;
    expect((await refusal('/orders', { body })).status).toBe(400);
  });

  it('anything by the query or by headers', async () => {
    const headers = {
      'x-customer-id': 'bob',
      'x-forwarded-user': 'bob',
      'idempotency-key': 'k',
      'x-user': 'bob',
    };
    const answer = await gateway.request('/orders?customerId=bob&status=CANCELED', {
      body: GOOD_ORDER,
      headers,
    });
    expect(answer.status).toBe(201);
    const { context: _, requestId: __, ...received } = gateway.orders.received.at(-1)!;
    expect(received).toEqual({ customerId: 'alice', items: GOOD_ORDER.items, idempotencyKey: 'k' });
    expect((await answer.json()) as ordersV1.Order).toMatchObject({ customerId: 'alice', status: 'CREATED' });
  });
});
