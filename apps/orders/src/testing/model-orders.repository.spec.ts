import { type LogRow, ModelDatabase } from '@orders/postgres/testing';
import { ModelOrdersRepository } from './model-orders.repository.js';
import { itKeepsOrders } from './orders-repository.conformance.js';

itKeepsOrders('ModelOrdersRepository', () => {
  const database = new ModelDatabase();
  const tell = ({ headers }: LogRow) =>
    `${headers['ce-type']} ${headers['ce-subject']} ${Number(headers['ce-sequence'])}`;
  const events = async () => database.outbox.rows().map(tell);
  return Promise.resolve({ repository: new ModelOrdersRepository(database.connect()), events });
});
