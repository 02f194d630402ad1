import { describe, expect, it } from '@jest/globals';
import { isDone, type Progress } from './drain.ts';

const caughtUp = { unread: 0, inbox: 3, deadLetters: 0 };

/** Two producers and two consumers, of which one takes a part of the events. */
function drained(): Progress {
  return {
    logs: {
      orders: { stream: 'ORDERS', events: { 'orders.created': 2, 'orders.canceled': 1 }, pending: 0 },
      payments: { stream: 'PAYMENTS', events: { 'payments.settled': 1 }, pending: 0 },
    },
    streams: { ORDERS: 3, PAYMENTS: 1 },
    consumers: {
      fulfillment: { ...caughtUp, consumes: ['orders.created', 'orders.canceled'], applied: 3 },
      loyalty: { ...caughtUp, consumes: ['orders.created', 'payments.settled'], applied: 3 },
    },
  };
}

describe('a system is drained', () => {
  it('when every log is published and every consumer has applied its events', () => {
    expect(isDone(drained())).toBe(true);
  });

  it.each<[string, (progress: Progress) => unknown]>([
    ['a log is not published to its end', ({ logs }) => (logs['payments']!.pending = 1)],
    ['a stream lacks an event', ({ streams }) => (streams['PAYMENTS'] = 0)],
    ['a consumer has not read all', ({ consumers }) => (consumers['loyalty']!.unread = 1)],
    ['a consumer lacks an effect', ({ consumers }) => (consumers['loyalty']!.applied = 2)],
  ])('not when %s', (_name, change) => {
    const progress = drained();
    change(progress);
    expect(isDone(progress)).toBe(false);
  });
});
