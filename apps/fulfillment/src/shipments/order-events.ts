import { ordersCanceled, ordersCreated } from '@orders/contracts';
import { eventHandler } from '@orders/inbox';
import { applyOrderEvents } from './shipments.repository.js';

/** What orders' events lead to here. */
export const orderEventHandlers = [
  eventHandler({
    contract: ordersCreated,
    handle: (tx, events) => applyOrderEvents(tx, events, 'PLANNED'),
  }),
  eventHandler({
    contract: ordersCanceled,
    handle: (tx, events) => applyOrderEvents(tx, events, 'CANCELED'),
  }),
];
