import { describe, expect, it } from '@jest/globals';
import { DomainError } from '@orders/contracts';
import fc from 'fast-check';
import { ITEMS } from '../testing/fixtures.js';
import { cancelOrder, type OrderItem, placeOrder } from './order.js';

const place = (items: readonly OrderItem[], customerId = 'alice') =>
  placeOrder({ id: 'o-1', customerId, items, now: new Date(0) });
const item = (overrides: Partial<OrderItem>): OrderItem => ({
  sku: 'apple',
  quantity: 1,
  priceCents: 1,
  ...overrides,
});

function errorsOf(work: () => unknown): { code: string; pointers: string[] } {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError)
      return { code: error.code, pointers: error.errors.map(({ pointer }) => pointer) };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('placeOrder', () => {
  it('makes a CREATED order of version 1 with its total', () => {
    expect(place(ITEMS)).toEqual({
      id: 'o-1',
      customerId: 'alice',
      items: ITEMS,
      totalCents: 849,
      status: 'CREATED',
      createdAt: new Date(0),
      version: 1,
    });
  });

  it('sums exactly up to 2^53-1 and refuses one cent more', () => {
    expect(place([item({ priceCents: Number.MAX_SAFE_INTEGER })]).totalCents).toBe(Number.MAX_SAFE_INTEGER);
    const over = [item({ priceCents: Number.MAX_SAFE_INTEGER }), item({})];
    expect(errorsOf(() => place(over))).toEqual({ code: 'validation-failed', pointers: ['/items'] });
    const product = [item({ quantity: 1_000, priceCents: Number.MAX_SAFE_INTEGER })];
    expect(errorsOf(() => place(product)).pointers).toEqual(['/items']);
  });

  it('agrees with exact arithmetic for every order', () => {
    const items = fc.array(
      fc.record({
        sku: fc.constant('x'),
        quantity: fc.integer({ min: 1, max: 1_000 }),
        priceCents: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      }),
      { minLength: 1, maxLength: 100 },
    );
    fc.assert(
      fc.property(items, (list) => {
        const exact = list.reduce(
          (sum, { quantity, priceCents }) => sum + BigInt(quantity) * BigInt(priceCents),
          0n,
        );
        const tooMuch = exact > BigInt(Number.MAX_SAFE_INTEGER);
        if (tooMuch) expect(() => place(list)).toThrow(DomainError);
        else expect(BigInt(place(list).totalCents)).toBe(exact);
      }),
    );
  });

  it.each<[string, readonly OrderItem[], string[]]>([
    ['no item', [], ['/items']],
    ['101 items', Array.from({ length: 101 }, () => item({})), ['/items']],
    ['quantity 0', [item({ quantity: 0 })], ['/items/0/quantity']],
    ['quantity 1,001', [item({}), item({ quantity: 1_001 })], ['/items/1/quantity']],
    ['half a unit', [item({ quantity: 0.5 })], ['/items/0/quantity']],
    ['a negative price', [item({ priceCents: -1 })], ['/items/0/priceCents']],
    ['an unsafe price', [item({ priceCents: 2 ** 53 })], ['/items/0/priceCents']],
    ['an empty sku', [item({ sku: '' })], ['/items/0/sku']],
    ['a long sku', [item({ sku: 'x'.repeat(65) })], ['/items/0/sku']],
    ['NUL in a sku', [item({ sku: 'a\0b' })], ['/items/0/sku']],
    ['half a surrogate in a sku', [item({ sku: '\ud800' })], ['/items/0/sku']],
    [
      'all at once',
      [{ sku: '', quantity: 0, priceCents: -1 }],
      ['/items/0/sku', '/items/0/quantity', '/items/0/priceCents'],
    ],
  ])('refuses %s and names it', (_name, items, pointers) => {
    expect(errorsOf(() => place(items))).toEqual({ code: 'validation-failed', pointers });
  });

  it.each(['', 'x'.repeat(129), 'a\nb'])('refuses the customer %j', (customerId) => {
    expect(errorsOf(() => place(ITEMS, customerId)).pointers).toEqual(['/customerId']);
  });

  it('accepts values at the bounds', () => {
    const widest = [item({ sku: 'x'.repeat(64), quantity: 1_000, priceCents: 0 })];
    expect(place(Array.from({ length: 100 }, () => widest[0]!)).items).toHaveLength(100);
  });
});

describe('cancelOrder', () => {
  it('returns a CANCELED order with the next version and does not change the old value', () => {
    const order = place(ITEMS);
    expect(cancelOrder(order, [1])).toEqual({ ...order, status: 'CANCELED', version: 2 });
    expect(order.status).toBe('CREATED');
  });

  it('returns a cancelled order unchanged, whatever version is expected', () => {
    const canceled = cancelOrder(place(ITEMS));
    expect(cancelOrder(canceled)).toBe(canceled);
    expect(cancelOrder(canceled, [1])).toBe(canceled);
  });

  it('refuses when the order has changed since it was read', () => {
    expect(errorsOf(() => cancelOrder(place(ITEMS), [2, -1]))).toEqual({
      code: 'version-mismatch',
      pointers: [],
    });
  });
});
