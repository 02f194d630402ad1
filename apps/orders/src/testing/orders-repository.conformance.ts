import { randomUUIDv7 } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Deadline } from '@orders/resilience';
import fc from 'fast-check';
import type { OrdersRepository } from '../orders/orders.repository.js';
import { canceling, findIn, inTime, listIn, someNewOrder } from './fixtures.js';

export interface RepositoryUnderTest {
  repository: OrdersRepository;
  /** The events stored so far: `type subject sequence`. */
  events(): Promise<string[]>;
}

/** What every OrdersRepository guarantees; each adapter runs these tests. `open` returns an empty repository. */
export function itKeepsOrders(name: string, open: () => Promise<RepositoryUnderTest>): void {
  describe(`${name} as a repository of orders`, () => {
    let repository: OrdersRepository;
    let events: () => Promise<string[]>;
    beforeEach(async () => {
      ({ repository, events } = await open());
    });

    const find = (id: string, customerId?: string) => findIn(repository, { id, customerId });
    const list = (limit: number, before?: string) =>
      listIn(repository, { customerId: 'alice', limit, before });

    it('returns a stored order unchanged, and stores its event', async () => {
      const created = someNewOrder();
      const [stored] = await repository.create([created], inTime());
      expect(stored).toEqual({ order: created.order, requestHash: created.requestHash, existed: false });
      expect(await find(created.order.id)).toEqual(created.order);
      expect(await events()).toEqual([`orders.created ${created.order.id} 1`]);
    });

    it('stores a batch and returns results in its order', async () => {
      const orders = [someNewOrder(), someNewOrder({ customerId: 'bob' }), someNewOrder()];
      const stored = await repository.create(orders, inTime());
      expect(stored.map(({ order }) => order.id)).toEqual(orders.map(({ order }) => order.id));
      expect(await events()).toHaveLength(3);
    });

    it('returns the existing order for a key that is taken, and stores no order and no event', async () => {
      const first = someNewOrder({ key: 'k' });
      const again = someNewOrder({ key: 'k' });
      await repository.create([first], inTime());
      const [stored, other] = await repository.create([again, someNewOrder()], inTime());
      expect(stored).toEqual({ order: first.order, requestHash: first.requestHash, existed: true });
      expect(other?.existed).toBe(false);
      expect(await find(again.order.id)).toBeUndefined();
      expect(await events()).toHaveLength(2);
    });

    it('recognises an order that an earlier attempt of the same call has stored', async () => {
      const created = someNewOrder();
      for (const _ of ['first', 'second']) {
        expect(await repository.create([created], inTime())).toMatchObject([{ existed: false }]);
      }
      expect(await events()).toHaveLength(1);
    });

    it('creates one order for a key that is twice in one batch', async () => {
      const [first, second] = await repository.create(
        [someNewOrder({ key: 'k' }), someNewOrder({ key: 'k' })],
        inTime(),
      );
      expect(second?.order.id).toBe(first?.order.id);
      expect([first?.existed, second?.existed].sort()).toEqual([false, true]);
      expect(await events()).toHaveLength(1);
    });

    it('creates one order for 50 concurrent requests with one key', async () => {
      const twins = Array.from({ length: 50 }, () => someNewOrder({ key: 'k' }));
      const stored = (await Promise.all(twins.map((twin) => repository.create([twin], inTime())))).flat();
      expect(new Set(stored.map(({ order }) => order.id)).size).toBe(1);
      expect(stored.filter(({ existed }) => !existed)).toHaveLength(1);
      expect(await events()).toHaveLength(1);
    });

    it('keeps the keys of customers apart', async () => {
      const stored = await repository.create(
        [someNewOrder({ key: 'k' }), someNewOrder({ key: 'k', customerId: 'bob' })],
        inTime(),
      );
      expect(stored.map(({ existed }) => existed)).toEqual([false, false]);
    });

    it('returns for a taken key the order as it was created, even after it has changed', async () => {
      const first = someNewOrder({ key: 'k' });
      await repository.create([first], inTime());
      await repository.update({ id: first.order.id, customerId: 'alice' }, inTime(), canceling);
      const [stored] = await repository.create([someNewOrder({ key: 'k' })], inTime());
      expect(stored?.order).toEqual(first.order);
    });

    it("does not find or change another customer's order", async () => {
      const { order } = someNewOrder();
      await repository.create([{ ...someNewOrder(), order }], inTime());
      expect(await find(order.id, 'bob')).toBeUndefined();
      expect(await find(order.id, 'alice')).toEqual(order);
      expect(
        await repository.update({ id: order.id, customerId: 'bob' }, inTime(), canceling),
      ).toBeUndefined();
      expect(await find(order.id)).toEqual(order);
      expect(
        await repository.update({ id: randomUUIDv7(), customerId: 'alice' }, inTime(), canceling),
      ).toBeUndefined();
    });

    it('saves a change with its event; saves neither when nothing changes or the change throws', async () => {
      const created = someNewOrder();
      const { id } = created.order;
      await repository.create([created], inTime());
      expect(await repository.update({ id, customerId: 'alice' }, inTime(), () => undefined)).toEqual(
        created.order,
      );
      const thrown = repository.update({ id, customerId: 'alice' }, inTime(), () => {
        throw new Error('no');
      });
      await expect(thrown).rejects.toThrow('no');
      expect(await events()).toHaveLength(1);
      expect(await repository.update({ id, customerId: 'alice' }, inTime(), canceling)).toMatchObject({
        status: 'CANCELED',
        version: 2,
      });
      expect(await find(id, 'alice')).toMatchObject({ status: 'CANCELED', version: 2 });
      expect(await events()).toEqual([`orders.created ${id} 1`, `orders.canceled ${id} 2`]);
    });

    it('serialises concurrent changes of one order', async () => {
      const created = someNewOrder();
      await repository.create([created], inTime());
      const seen: number[] = [];
      const race = Array.from({ length: 8 }, () =>
        repository.update({ id: created.order.id, customerId: undefined }, inTime(), (order) => {
          seen.push(order.version);
          return canceling(order);
        }),
      );
      await Promise.all(race);
      expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    });

    it('answers each of many reads as it would answer it alone', async () => {
      const orders = ['alice', 'alice', 'bob'].map((customerId) => someNewOrder({ customerId }));
      await repository.create(orders, inTime());
      const ids = [
        ...orders.map(({ order }) => order.id),
        randomUUIDv7(),
        'ffffffff-ffff-ffff-ffff-ffffffffffff',
      ];
      const anyRead = fc.record({
        id: fc.constantFrom(...ids),
        customerId: fc.constantFrom('alice', 'bob', 'carol', undefined),
      });
      const anyQuery = fc.record({
        customerId: fc.constantFrom('alice', 'bob', 'carol'),
        limit: fc.integer({ min: 1, max: 3 }),
        before: fc.constantFrom(undefined, ...ids),
      });
      const property = fc.asyncProperty(
        fc.array(anyRead, { maxLength: 30 }),
        fc.array(anyQuery, { maxLength: 10 }),
        async (which, queries) => {
          const found = await repository.findAll(which, inTime());
          const alone = await Promise.all(which.map((one) => findIn(repository, one)));
          expect(found).toEqual(alone);
          const pages = await repository.listAll(queries, inTime());
          expect(pages).toEqual(await Promise.all(queries.map((query) => listIn(repository, query))));
        },
      );
      await fc.assert(property, { numRuns: 10 });
    });

    it("lists a customer's orders, newest first, in pages", async () => {
      const orders = Array.from({ length: 5 }, () => someNewOrder());
      await repository.create([...orders, someNewOrder({ customerId: 'bob' })], inTime());
      const newestFirst = orders.map(({ order }) => order).sort((a, b) => (a.id < b.id ? 1 : -1));
      const first = await list(3);
      const second = await list(3, first.at(-1)?.id);
      expect([...first, ...second]).toEqual(newestFirst);
      expect(await list(3, second.at(-1)?.id)).toEqual([]);
    });

    it('stores and reads nothing for a caller that has gone or whose deadline has passed', async () => {
      const created = someNewOrder();
      await repository.create([created], inTime());
      for (const over of [Deadline.after(0), Deadline.withoutTimer(AbortSignal.abort(), 60_000)]) {
        const late = { code: 'deadline-exceeded' };
        await expect(repository.create([someNewOrder()], over)).rejects.toMatchObject(late);
        const which = { id: created.order.id, customerId: undefined };
        await expect(repository.update(which, over, canceling)).rejects.toMatchObject(late);
        await expect(findIn(repository, which, over)).rejects.toMatchObject(late);
        const query = { customerId: 'alice', limit: 10, before: undefined };
        await expect(listIn(repository, query, over)).rejects.toMatchObject(late);
      }
      expect(await list(10)).toEqual([created.order]);
      expect(await events()).toHaveLength(1);
    });
  });
}
