import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Deadline } from '@orders/resilience';
import { canceling, findIn, inTime, someNewOrder } from '../testing/fixtures.js';
import { itKeepsOrders } from '../testing/orders-repository.conformance.js';
import { StoredOrders } from '../testing/stored-orders.js';

let stored: StoredOrders;
beforeAll(async () => {
  stored = await StoredOrders.open();
});
afterAll(() => stored[Symbol.asyncDispose]());
beforeEach(() => stored.clear());

itKeepsOrders('PostgresOrdersRepository', () =>
  Promise.resolve({ repository: stored.repository, events: () => stored.events() }),
);

describe('PostgresOrdersRepository', () => {
  it('stores no order and no event of a batch in which one order violates a constraint', async () => {
    const bad = someNewOrder();
    const tooMuch = { ...bad, order: { ...bad.order, totalCents: -1 } };
    await expect(stored.repository.create([someNewOrder(), tooMuch], inTime())).rejects.toThrow(
      'total_cents',
    );
    expect(await stored.ids()).toEqual([]);
    expect(await stored.events()).toEqual([]);
  });

  it('stores any text unchanged, and nothing of a batch with the character that separates rows', async () => {
    const odd = ['{"a", \\b}', "'NULL", '$1 ü😀'].map((customerId) => someNewOrder({ customerId }));
    await stored.repository.create(odd, inTime());
    const found = odd.map(({ order }) => findIn(stored.repository, order));
    expect(await Promise.all(found)).toEqual(odd.map(({ order }) => order));
    const bad = someNewOrder();
    const split = { ...bad, order: { ...bad.order, customerId: 'a\x1fb' } };
    await expect(stored.repository.create([someNewOrder(), split], inTime())).rejects.toThrow('null value');
    await expect(stored.repository.create([split, someNewOrder()], inTime())).rejects.toThrow('null value');
    expect(await stored.events()).toHaveLength(odd.length);
  });

  it('reports appended events after their commit only', async () => {
    stored.appended = 0;
    const created = someNewOrder({ key: 'k' });
    await stored.repository.create([created, someNewOrder()], inTime());
    expect(stored.appended).toBe(1);
    await stored.repository.create([someNewOrder({ key: 'k' })], inTime());
    await expect(stored.repository.create([someNewOrder()], Deadline.after(0))).rejects.toThrow();
    expect(stored.appended).toBe(1);
    await stored.repository.update({ id: created.order.id, customerId: 'alice' }, inTime(), canceling);
    expect(stored.appended).toBe(2);
  });

  it('sets a timeout for every wait at the server', async () => {
    const limits = await stored.dataSource.query<{ name: string; setting: string }[]>(
      `SELECT name, setting FROM pg_settings WHERE name LIKE '%\\_timeout' AND setting <> '0'`,
    );
    expect(Object.fromEntries(limits.map(({ name, setting }) => [name, setting]))).toMatchObject({
      statement_timeout: '3000',
      lock_timeout: '1000',
      idle_in_transaction_session_timeout: '5000',
    });
  });

  it('has every column of its entities after the migrations', async () => {
    const { upQueries } = await stored.dataSource.driver.createSchemaBuilder().log();
    const wanted = upQueries.map(({ query }) => query).filter((query) => query.includes('ADD'));
    expect(wanted.filter((query) => query.includes(' COLUMN ') || /ADD "/.test(query))).toEqual([]);
  });
});
