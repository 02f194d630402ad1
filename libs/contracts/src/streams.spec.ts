import { expect, it } from '@jest/globals';
import { catchUpDurable, replayFilter, replaySubject, streamOf } from './streams.js';

it('the events of a producer have a stream of their own, which also takes what is published again for one consumer', () => {
  expect(streamOf('orders.created')).toEqual({ name: 'ORDERS', subjects: ['orders.>'] });
  expect(streamOf('invoices.sent')).toEqual({ name: 'INVOICES', subjects: ['invoices.>'] });
  expect(replaySubject('loyalty', 'invoices.sent')).toBe('invoices.replay.loyalty.invoices.sent');
  expect(replayFilter('loyalty', 'invoices.sent')).toBe('invoices.replay.loyalty.>');
});

it('the name of a temporary durable has no character that NATS refuses', () => {
  const filter = replayFilter('loyalty', 'invoices.sent');
  expect(catchUpDurable('loyalty', filter)).toBe('loyalty-catch-up-invoices-replay-loyalty-all');
});
