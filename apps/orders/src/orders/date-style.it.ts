import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from '../app.js';
import { findIn, inTime, listIn, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let stored: StoredOrders;
let dataSource: DataSource;
beforeAll(async () => {
  stored = await StoredOrders.open();
  const name = new URL(stored.db.url).pathname.slice(1);
  await stored.db.query(`ALTER DATABASE ${name} SET datestyle = 'SQL, DMY'`);
  dataSource = openDataSource({ url: new Secret(stored.db.url), poolMax: 1, applicationName: 'dates' });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await stored[Symbol.asyncDispose]();
});

// Dates were read as null, and orders answered with 500.
it('an order is read with its date from a database that writes dates in another style', async () => {
  const repository = new PostgresOrdersRepository(dataSource, () => undefined);
  const { order, ...rest } = someNewOrder({ key: 'k' });
  await repository.create([{ order, ...rest }], inTime());
  expect(await findIn(repository, order)).toEqual(order);
  expect(await listIn(repository, { customerId: 'alice', limit: 1, before: undefined })).toEqual([order]);
  const [replayed] = await repository.create([someNewOrder({ key: 'k' })], inTime());
  expect(replayed).toMatchObject({ order, existed: true });
});
