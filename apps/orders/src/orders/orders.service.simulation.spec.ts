import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  enterSimulation,
  keepsItsPromises,
  leaveSimulation,
  type ModelSession,
} from '@orders/postgres/testing';
import type { Deadline } from '@orders/resilience';
import fc from 'fast-check';
import { keyOf, ModelOrdersRepository } from '../testing/model-orders.repository.js';
import { ORDERS_COMMANDS, OrdersWorld } from '../testing/orders-world.js';
import type { NewOrder, StoredOrder } from './orders.repository.js';

class CheckThenInsert extends ModelOrdersRepository {
  protected override async claim(tx: ModelSession, order: NewOrder): Promise<boolean> {
    const taken = await tx.rows<NewOrder>('orders');
    return taken.every((row) => keyOf(row) !== keyOf(order)) && tx.insert('orders', order.order.id, order);
  }
}

class AnswerBeforeCommit extends ModelOrdersRepository {
  override async create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]> {
    super.create(orders, deadline).catch(() => undefined);
    return orders.map(({ order, requestHash }) => ({ order, requestHash, existed: false }));
  }
}

class MixedUp extends ModelOrdersRepository {
  override async create(orders: readonly NewOrder[], deadline: Deadline): Promise<StoredOrder[]> {
    return (await super.create(orders, deadline)).toReversed();
  }
}

const BROKEN = [
  { name: 'a check of the key before the insert', Repository: CheckThenInsert },
  { name: 'an answer before the commit', Repository: AnswerBeforeCommit },
  { name: 'the results of a batch in the wrong order', Repository: MixedUp },
];

const order = (Repository = ModelOrdersRepository) =>
  keepsItsPromises((scheduler) => new OrdersWorld(scheduler, Repository), ORDERS_COMMANDS);

describe('two replicas of orders, with crashes and lost messages in any order', () => {
  beforeAll(enterSimulation);
  afterAll(leaveSimulation);

  it('create one order with its event for each key, and return no other', async () => {
    await fc.assert(order(), { numRuns: 3_000 });
  }, 60_000);

  it.each(BROKEN)(
    'fail the check with $name',
    async ({ Repository }) => {
      const { failed } = await fc.check(order(Repository), { numRuns: 3_000, endOnFailure: true });
      expect(failed).toBe(true);
    },
    60_000,
  );
});
