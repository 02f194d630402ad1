import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canceling, inTime, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import type { Order } from './order.js';

const CUSTOMERS = Array.from({ length: 10 }, (_, n) => `customer ${n}`);

let stored: StoredOrders;
let orders: Order[];
beforeAll(async () => {
  stored = await StoredOrders.open();
  const some = [1, 2, 3].flatMap(() => CUSTOMERS.map((customerId) => someNewOrder({ customerId })));
  orders = some.map(({ order }) => order);
  await stored.repository.create(some, inTime());
});
afterAll(() => stored[Symbol.asyncDispose]());

/** The statements on orders that run meanwhile. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const { logger } = stored.dataSource;
  const logQuery = logger.logQuery.bind(logger);
  logger.logQuery = (sql) => void statements.push(sql);
  await work();
  logger.logQuery = logQuery;
  return statements.filter((sql) => /"?orders"?/.test(sql));
}

describe('each statement on the orders of a customer', () => {
  const own = () => ({ id: orders[0]!.id, customerId: orders[0]!.customerId });
  const page = () => ({ customerId: own().customerId, limit: 2, before: undefined });

  it.each<[string, number, () => Promise<unknown>]>([
    ['read', 1, () => stored.repository.find(own(), inTime())],
    ['list', 1, () => stored.repository.list(page(), inTime())],
    ['list from an order on', 1, () => stored.repository.list({ ...page(), before: own().id }, inTime())],
    // The UPDATE named the id alone.
    ['change', 2, () => stored.repository.update(own(), inTime(), canceling)],
  ])('to %s them names the customer', async (_, count, work) => {
    const statements = await statementsOf(work);
    expect(statements).toHaveLength(count);
    const clauses = statements.map((sql) => sql.slice(sql.indexOf('WHERE')));
    expect(clauses).toEqual(statements.map(() => expect.stringContaining('"customer_id" = $')));
  });
});

it('of 480 random pairs of customer and order, exactly the own ones are found, changed and listed', async () => {
  const pair = fc.tuple(fc.constantFrom(...CUSTOMERS), fc.nat({ max: orders.length - 1 }));
  const property = fc.asyncProperty(fc.array(pair, { minLength: 40, maxLength: 40 }), async (pairs) => {
    const outcomes = pairs.map(async ([customerId, index]) => {
      const order = orders[index]!;
      const which = { id: order.id, customerId };
      const found = await stored.repository.find(which, inTime());
      const changed = await stored.repository.update(which, inTime(), () => undefined);
      const listed = await stored.repository.list({ customerId, limit: 100, before: undefined }, inTime());
      const isOwn = order.customerId === customerId;
      return {
        isRight: (found?.id === order.id) === isOwn && (changed?.id === order.id) === isOwn,
        strangers: listed.filter((one) => one.customerId !== customerId),
        isListed: listed.some(({ id }) => id === order.id) === isOwn,
      };
    });
    for (const outcome of await Promise.all(outcomes)) {
      expect(outcome).toEqual({ isRight: true, strangers: [], isListed: true });
    }
  });
  await fc.assert(property, { numRuns: 12 });
});
