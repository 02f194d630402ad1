import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canceling, inTime, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import { FIND_ORDERS, LIST_ORDERS } from './order-reads.js';
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
  it('to read or list them names the customer', () => {
    expect(FIND_ORDERS).toContain('AND (customer IS NULL OR customer_id = customer)');
    expect(LIST_ORDERS).toContain('WHERE customer_id = customer ');
  });

  // The UPDATE named the id alone.
  it('to change them names the customer', async () => {
    const own = { id: orders[0]!.id, customerId: orders[0]!.customerId };
    const statements = await statementsOf(() => stored.repository.update(own, inTime(), canceling));
    expect(statements).toHaveLength(2);
    const clauses = statements.map((sql) => sql.slice(sql.indexOf('WHERE')));
    expect(clauses).toEqual(statements.map(() => expect.stringContaining('"customer_id" = $')));
  });
});

it('of 480 random pairs of customer and order, exactly the own ones are found, changed and listed', async () => {
  const pair = fc.tuple(fc.constantFrom(...CUSTOMERS), fc.nat({ max: orders.length - 1 }));
  const property = fc.asyncProperty(fc.array(pair, { minLength: 40, maxLength: 40 }), async (pairs) => {
    const which = pairs.map(([customerId, index]) => ({ id: orders[index]!.id, customerId }));
    const isOwn = pairs.map(([customerId, index]) => orders[index]!.customerId === customerId);
    const ownIds = which.map(({ id }, n) => (isOwn[n] ? id : undefined));

    const found = await stored.repository.findAll(which, inTime());
    expect(found.map((order) => order?.id)).toEqual(ownIds);

    const changing = which.map((one) => stored.repository.update(one, inTime(), () => undefined));
    expect((await Promise.all(changing)).map((order) => order?.id)).toEqual(ownIds);

    const queries = which.map(({ customerId }) => ({ customerId, limit: 100, before: undefined }));
    const pages = await stored.repository.listAll(queries, inTime());
    pages.forEach((page, n) => {
      expect(new Set(page.map(({ customerId }) => customerId))).toEqual(new Set([which[n]!.customerId]));
      expect(page.some(({ id }) => id === which[n]!.id)).toBe(isOwn[n]);
    });
  });
  await fc.assert(property, { numRuns: 12 });
});
