import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { currentCaller } from '@orders/instrumentation';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from '../app.js';
import { inTime, ITEMS, ORIGIN, someReader } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import { OrdersService } from './orders.service.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let stored: StoredOrders;
let otherPool: DataSource;
beforeAll(async () => {
  stored = await StoredOrders.open();
  otherPool = openDataSource({ url: new Secret(stored.db.url), poolMax: 4, applicationName: 'other' });
  await otherPool.initialize();
});
afterAll(async () => {
  await otherPool.destroy();
  await stored[Symbol.asyncDispose]();
});

it('an order that is acknowledged is in each later read at another replica, as it was changed last', async () => {
  const writer = new OrdersService(stored.repository);
  const reader = new OrdersService(new PostgresOrdersRepository(otherPool, () => undefined));
  const readEachWrite = async (customerId: string) => {
    const request = { customerId, items: ITEMS, idempotencyKey: randomUUID(), origin: ORIGIN };
    const { order } = await writer.create({ ...request, caller: currentCaller() }, inTime());
    expect(await reader.get(order, someReader())).toEqual(order);
    const query = { customerId, limit: 2, before: undefined };
    expect((await reader.list(query, someReader())).orders).toEqual([order]);

    const cancel = { id: order.id, customerId, expectedVersions: undefined, origin: ORIGIN };
    const canceled = await writer.cancel(cancel, inTime());
    expect(await reader.get(order, someReader())).toEqual(canceled);
    expect((await reader.list(query, someReader())).orders).toEqual([canceled]);
  };
  // Fewer at a time than the pool has connections: a cancellation takes one.
  for (let round = 0; round < 8; round += 1)
    await Promise.all(Array.from({ length: 5 }, (_, n) => readEachWrite(`customer-${round}-${n}`)));
});
