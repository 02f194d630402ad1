import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestRole, type TestRole } from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource, roles } from '../app.js';
import { canceling, findIn, inTime, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let stored: StoredOrders;
let role: TestRole;
let dataSource: DataSource;
let repository: PostgresOrdersRepository;
beforeAll(async () => {
  stored = await StoredOrders.open();
  role = await createTestRole(stored.db, roles.app);
  dataSource = openDataSource({ url: new Secret(role.url), poolMax: 2, applicationName: 'app' });
  await dataSource.initialize();
  repository = new PostgresOrdersRepository(dataSource, () => undefined);
});
afterEach(async () => {
  await expect(repository.create([someNewOrder()], inTime())).resolves.toHaveLength(1);
});
afterAll(async () => {
  await dataSource.destroy();
  await role[Symbol.asyncDispose]();
  await stored[Symbol.asyncDispose]();
});

/** What is answered with 503: the caller may repeat it, and it is no bug of ours. */
const unavailable = (code: string) => ({ code: 'unavailable', cause: expect.objectContaining({ code }) });
const create = () => repository.create([someNewOrder()], inTime());

// Each was answered with 500.
describe('an order is unavailable (503), and taken as soon as the database is mended,', () => {
  it('when its role lacks a right', async () => {
    await stored.db.query(`REVOKE INSERT ON orders FROM ${role.name}`);
    await expect(create()).rejects.toMatchObject(unavailable('42501'));
    await stored.db.query(`GRANT INSERT ON orders TO ${role.name}`);
  });

  it('when a table is missing', async () => {
    await stored.db.query('ALTER TABLE outbox RENAME TO gone');
    await expect(create()).rejects.toMatchObject(unavailable('42P01'));
    await stored.db.query('ALTER TABLE gone RENAME TO outbox');
  });

  it('when a column is missing', async () => {
    await stored.db.query('ALTER TABLE orders RENAME items TO gone');
    await expect(create()).rejects.toMatchObject(unavailable('42703'));
    const read = findIn(repository, someNewOrder().order);
    await expect(read).rejects.toMatchObject(unavailable('42703'));
    await stored.db.query('ALTER TABLE orders RENAME gone TO items');
  });

  it('when its password is no longer right', async () => {
    await stored.db.query(`ALTER ROLE ${role.name} PASSWORD 'changed'`);
    await stored.db.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      role.name,
    ]);
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(create));
    expect(outcomes.at(-1)).toMatchObject({ reason: unavailable('28P01') });
    await stored.db.query(`ALTER ROLE ${role.name} PASSWORD 'secret'`);
  });

  it('when a publication of updates has no key to send', async () => {
    const created = someNewOrder();
    await repository.create([created], inTime());
    await stored.db.query('ALTER TABLE orders REPLICA IDENTITY NOTHING');
    await stored.db.query('CREATE PUBLICATION all_orders FOR TABLE orders');
    const canceled = repository.update(created.order, inTime(), canceling);
    await expect(canceled).rejects.toMatchObject(unavailable('55000'));
    await stored.db.query('DROP PUBLICATION all_orders');
  });
});
