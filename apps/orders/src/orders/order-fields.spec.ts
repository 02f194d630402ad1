import { describe, expect, it } from '@jest/globals';
import { orderSnapshot } from '@orders/events';
import { ordersV1 } from '@orders/rpc';
import { fieldsOf } from '../testing/fields-of.js';
import { ORIGIN, someNewOrder } from '../testing/fixtures.js';
import { NOT_IN_HASH, requestHash } from './idempotency.js';
import { orderCanceled, orderCreated } from './order-events.js';
import { orderMessage } from './order-message.js';
import type { Order, OrderItem } from './order.js';
import { FIND_BY_KEYS } from './postgres-orders.repository.js';

// No other test fails when a field of the aggregate, above all an optional one, is missing in one of these places.
// apps/gateway/src/orders/order.schema.spec.ts checks that the HTTP answers have each field of orders.v1.Order.

const { order } = someNewOrder();

const events = (of: Order): object[] =>
  [orderCreated(of, ORIGIN), orderCanceled(of, new Date(), ORIGIN)].map(({ body }) => JSON.parse(body));
/** Encoded and decoded, as the gateway receives it. */
const received = (of: Order): object =>
  ordersV1.Order.decode(ordersV1.Order.encode(orderMessage(of)).finish());

describe.each(fieldsOf('Order'))('the field %s of an order', (field) => {
  /** The order of the fixtures; it has the field even if they leave it out. */
  const whole = { [field]: 'a value', ...order };

  it('has a value in the fixtures', () => {
    expect(order).toHaveProperty(field, expect.anything());
  });

  it('is in the request hash, or in NOT_IN_HASH', () => {
    const another = { ...whole, [field]: field === 'items' ? [] : 'another value' };
    const isLeftOut = (NOT_IN_HASH as readonly string[]).includes(field);
    expect(requestHash(another) !== requestHash(whole)).toBe(!isLeftOut);
  });

  it('is in the data of the events, and in their schema', () => {
    for (const data of events(whole)) expect(data).toHaveProperty(field);
    expect(orderSnapshot.shape).toHaveProperty(field);
  });

  it('is in orders.v1.Order, from which the gateway builds its answers', () => {
    expect(orderMessage(whole)).toHaveProperty(field);
    expect(received(whole)).toHaveProperty(field, expect.anything());
  });

  it('is read by FIND_BY_KEYS', () => {
    expect(FIND_BY_KEYS).toContain(` AS "${field}"`);
  });
});

describe.each(fieldsOf('OrderItem'))('the field %s of an item', (field) => {
  const ofItem = (value: string) => ({ ...order, items: [{ [field]: value } as unknown as OrderItem] });
  const whole = { ...order, items: [{ [field]: 'a value', ...order.items[0]! }] };

  it('has a value in the fixtures', () => {
    expect(order).toHaveProperty(`items[0].${field}`, expect.anything());
  });

  it('is in the request hash', () => {
    expect(requestHash(ofItem('a value'))).not.toBe(requestHash(ofItem('another value')));
  });

  it('is in the data of the events, and in their schema', () => {
    for (const data of events(whole)) expect(data).toHaveProperty(`items[0].${field}`);
    expect(orderSnapshot.shape.items.element.shape).toHaveProperty(field);
  });

  it('is in orders.v1.Item, from which the gateway builds its answers', () => {
    expect(orderMessage(whole)).toHaveProperty(`items[0].${field}`);
    expect(received(whole)).toHaveProperty(`items[0].${field}`, expect.anything());
  });
});
