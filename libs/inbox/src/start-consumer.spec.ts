import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { subjectsByStream } from './start-consumer.js';

const handlerOf = (type: string) => ({ contract: { type, schema: z.unknown() } });

it('a consumer has a durable for each stream, with the events of the stream and those replayed for it only', () => {
  const handlers = ['orders.created', 'invoices.sent', 'orders.canceled'].map(handlerOf);
  expect(subjectsByStream('loyalty', handlers)).toEqual([
    {
      stream: { name: 'ORDERS', subjects: ['orders.>'] },
      subjects: ['orders.created', 'orders.canceled', 'orders.replay.loyalty.>'],
    },
    {
      stream: { name: 'INVOICES', subjects: ['invoices.>'] },
      subjects: ['invoices.sent', 'invoices.replay.loyalty.>'],
    },
  ]);
});
