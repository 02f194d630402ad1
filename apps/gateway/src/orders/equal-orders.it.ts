import 'reflect-metadata';

import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { written } from '@orders/http/testing/json-texts';
import fc from 'fast-check';

import { startGateway, type GatewayUnderTest } from '../testing/gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const post = (body: string, key: string) =>
  gateway.request('/orders', {
    body,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });

const item = fc.record({
  sku: fc.string({ minLength: 1, maxLength: 20 }),
  quantity: fc.integer({ min: 1, max: 1_000 }),
  priceCents: fc.nat(100_000),
});
const order = fc.record({ items: fc.array(item, { minLength: 1, maxLength: 3 }) });
type Order = typeof order extends fc.Arbitrary<infer Value> ? Value : never;

/** Copies of the order, each with one value of one item changed. */
function changed({ items }: Order): fc.Arbitrary<Order> {
  const field = fc.constantFrom('sku', 'quantity', 'priceCents');
  return fc.tuple(fc.nat(items.length - 1), field).map(([index, name]) => ({
    // A text gets a "1" at its end, a number is increased by one: another value of the same type.
    items: items.map((each, at) => (at === index ? { ...each, [name]: oneMore(each[name]) } : each)),
  }));
}

function oneMore(value: string | number): string | number {
  return typeof value === 'string' ? `${value}1` : value + 1;
}

describe('an order for a known key', () => {
  it('is a repeat in whatever form its JSON is written, and another order when any value differs', async () => {
    const cases = order.chain((value) =>
      fc.tuple(written(value), written(value), changed(value).chain(written)),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([text, same, other]) => {
        const key = randomUUID();
        const placed = await post(text, key);
        expect(placed.status).toBe(201);
        const again = await post(same, key);
        expect(again.status).toBe(201);
        expect(again.headers.get('idempotent-replayed')).toBe('true');
        expect(await again.json()).toEqual(await placed.json());
        expect((await post(other, key)).status).toBe(422);
      }),
    );
  });
});
