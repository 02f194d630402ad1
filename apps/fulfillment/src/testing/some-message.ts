import { ordersCreated } from '@orders/events';
import { toMessage } from '@orders/messaging';
import { newEventId } from '@orders/messaging/testing';
import { randomUUID } from 'node:crypto';

/** The first event of an order, valid and with ids of its own. */
export function someMessage(contract = ordersCreated) {
  const items = [{ sku: 'apple', quantity: 3, priceCents: 250 }];
  const data = { id: randomUUID(), customerId: 'c', items, totalCents: 750, status: 'CREATED' as const };
  const context = {
    ...contract,
    id: newEventId(),
    source: 's',
    subject: data.id,
    sequence: 1,
    time: new Date(),
  };
  return toMessage(
    { ...context, correlationId: 'c', traceparent: '' },
    { ...data, createdAt: new Date().toISOString(), version: 1 },
  );
}
