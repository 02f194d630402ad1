import { describe, expect, it } from '@jest/globals';
import { ordersV1 } from '@orders/rpc';
import fc from 'fast-check';
import { EXAMPLE_ORDER } from '../docs/examples.js';
import { createOrderBody, listOrdersQuery, orderBody, toOrderBody } from './order.schema.js';

const MAX = Number.MAX_SAFE_INTEGER;
const accepts = (...items: { quantity: number; priceCents: number }[]) =>
  createOrderBody.safeParse({ items: items.map((item) => ({ sku: 'A', ...item })) }).success;

describe('a total', () => {
  it('of exactly 2^53-1 is accepted, one cent more is not', () => {
    expect(accepts({ quantity: 1, priceCents: MAX })).toBe(true);
    expect(accepts({ quantity: 1, priceCents: MAX }, { quantity: 1, priceCents: 0 })).toBe(true);
    expect(accepts({ quantity: 1, priceCents: MAX }, { quantity: 1, priceCents: 1 })).toBe(false);
    expect(accepts({ quantity: 2, priceCents: MAX / 2 + 0.5 })).toBe(false);
  });

  it('is accepted exactly when it is at most 2^53-1', () => {
    const item = fc.record({
      quantity: fc.integer({ min: 1, max: 1_000 }),
      priceCents: fc.integer({ min: 0, max: MAX }),
    });
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 5 }), (items) => {
        const total = items.reduce((sum, i) => sum + BigInt(i.quantity) * BigInt(i.priceCents), 0n);
        expect(accepts(...items)).toBe(total <= BigInt(MAX));
      }),
    );
  });
});

describe('a query', () => {
  it('has defaults and bounds', () => {
    expect(listOrdersQuery.parse({})).toEqual({ limit: 20 });
    expect(listOrdersQuery.parse({ limit: '100' }).limit).toBe(100);
    for (const limit of ['0', '101', '-1', '1.0', '1e1', '', '٣']) {
      expect(listOrdersQuery.safeParse({ limit }).success).toBe(false);
    }
  });
});

// apps/orders/src/orders/order-fields.spec.ts checks that each field of the aggregate is in orders.v1.Order.
const item = ordersV1.Item.create({});
const answer = toOrderBody(ordersV1.Order.create({ items: [item] }));

describe.each(Object.keys(ordersV1.Order.create({})))('the field %s of an order', (field) => {
  it('is answered', () => {
    expect(answer).toHaveProperty(field);
  });

  it('is in the schema of the answer, and in the example of the document', () => {
    expect(orderBody.shape).toHaveProperty(field);
    expect(EXAMPLE_ORDER).toHaveProperty(field);
  });
});

describe.each(Object.keys(item))('the field %s of an item', (field) => {
  it('is answered', () => {
    expect(answer).toHaveProperty(`items[0].${field}`);
  });

  it('is in the schema of the answer, and in the example of the document', () => {
    expect(orderBody.shape.items.element.shape).toHaveProperty(field);
    expect(EXAMPLE_ORDER).toHaveProperty(`items[0].${field}`);
  });
});
