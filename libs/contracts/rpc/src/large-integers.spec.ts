import { describe, expect, it } from '@jest/globals';
import { acceptLargeIntegers } from './large-integers.js';
import { CreateOrdersRequest, OrdersService } from './gen/orders/v1/orders.js';

const { createOrders, cancelOrder } = acceptLargeIntegers(OrdersService);
const LARGE = 2 ** 60;

const order = (priceCents: number) => ({ items: [{ sku: 'a', quantity: 1, priceCents }] });
const bytesOf = (...prices: number[]) =>
  createOrders.requestSerialize(CreateOrdersRequest.fromPartial({ orders: prices.map(order) }));
const pricesIn = (bytes: Buffer) =>
  createOrders.requestDeserialize(bytes).orders.map(({ items }) => items[0]?.priceCents);

describe('a request', () => {
  it.each([[[7, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]], [[LARGE, 7]], [[7, -LARGE, 2 ** 53]]])(
    'with prices of %j has those that are not exact as NaN',
    (prices) => {
      expect(pricesIn(bytesOf(...prices))).toEqual(
        prices.map((price) => (Number.isSafeInteger(price) ? price : NaN)),
      );
    },
  );

  it('may have them in a list', () => {
    const request = { id: 'x', customerId: '', expectedVersion: LARGE, otherExpectedVersions: [1, LARGE] };
    const read = cancelOrder.requestDeserialize(cancelOrder.requestSerialize(request));
    expect(read).toEqual({ ...request, expectedVersion: NaN, otherExpectedVersions: [1, NaN] });
  });

  it('that is no message is refused', () => {
    expect(() => createOrders.requestDeserialize(Buffer.from([0x0a, 0xff]))).toThrow();
  });
});
