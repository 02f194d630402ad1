import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_APPS } from '@orders/dev/testing/example-apps';
import { consumersOfOrders, ofConsumer, worstOf } from './consumers.ts';

describe('consumers', () => {
  it('are the apps that declare to consume new orders', () => {
    const [gateway, orders, fulfillment, payments, loyalty] = EXAMPLE_APPS;
    const others = { ...loyalty!, name: 'others', consumes: ['payments.settled'] };
    const found = consumersOfOrders([gateway!, orders!, fulfillment!, payments!, loyalty!, others]);
    expect(found.map(({ name, table }) => [name, table])).toEqual([
      ['fulfillment', 'shipments'],
      ['payments', undefined],
      ['loyalty', 'points'],
    ]);
  });

  it('are named in a label, unless there is only one', () => {
    expect(ofConsumer('lag', 'loyalty', ['fulfillment', 'loyalty'])).toBe('lag, loyalty');
    expect(ofConsumer('lag', 'fulfillment', ['fulfillment'])).toBe('lag');
  });

  it('are summed up by the longest lag and the fewest effects', () => {
    const fulfillment = { effects: 9, lag: { p50Ms: 5, p99Ms: 60 } };
    const loyalty = { effects: 10, lag: { p50Ms: 7, p99Ms: 50 } };
    expect(worstOf({ fulfillment, loyalty })).toEqual({ effects: 9, lag: { p50Ms: 7, p99Ms: 60 } });
    expect(worstOf({ loyalty })).toEqual(loyalty);
  });
});
