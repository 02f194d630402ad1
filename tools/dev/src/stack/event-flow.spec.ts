import { describe, expect, it } from '@jest/globals';
import { EXAMPLE_APPS } from '../testing/example-apps.ts';
import { consumersOf, producersOf } from './event-flow.ts';

describe('the way of events', () => {
  it('begins at each app that publishes, on the stream that its events name', () => {
    expect(producersOf(EXAMPLE_APPS)).toEqual([
      { name: 'orders', publishes: ['orders.created', 'orders.canceled'], stream: 'ORDERS' },
      { name: 'payments', publishes: ['payments.settled'], stream: 'PAYMENTS' },
    ]);
  });

  it('ends at each app that consumes: from which streams, and in which table if it declares one', () => {
    expect(consumersOf(EXAMPLE_APPS)).toMatchObject([
      { name: 'fulfillment', streams: ['ORDERS'], table: 'shipments' },
      { name: 'payments', streams: ['ORDERS'], table: undefined },
      { name: 'loyalty', streams: ['ORDERS', 'PAYMENTS'], table: 'points' },
    ]);
  });
});
