import { MemoryBus } from '@orders/messaging';
import { itKeepsOrders } from '../testing/orders-repository.conformance.js';
import { MemoryOrdersRepository } from './memory-orders.repository.js';

itKeepsOrders('MemoryOrdersRepository', () => {
  const bus = new MemoryBus();
  const events = () =>
    bus.messages.map(
      ({ headers }) => `${headers['ce-type']} ${headers['ce-subject']} ${Number(headers['ce-sequence'])}`,
    );
  return Promise.resolve({ repository: new MemoryOrdersRepository(bus), events: async () => events() });
});
