import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy } from '@orders/resilience/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { Secret } from '@orders/service';
import { dataSource as openDataSource } from '../app.js';
import { canceling, inTime, someNewOrder } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

let stored: StoredOrders;
beforeAll(async () => {
  stored = await StoredOrders.open();
});
afterAll(() => stored[Symbol.asyncDispose]());
beforeEach(() => stored.clear());

describe('PostgresOrdersRepository when Postgres is slow, locked or away', () => {
  it('throws idempotency-key-in-use when another transaction holds the key for too long', async () => {
    const first = someNewOrder({ key: 'k' });
    await stored.db.transaction(async (tx) => {
      await tx.query(`INSERT INTO orders SELECT $1, 'alice', 'k', '', '[]', 0, 'CREATED', 1, now()`, [
        first.order.id,
      ]);
      await expect(stored.repository.create([someNewOrder({ key: 'k' })], inTime())).rejects.toMatchObject({
        code: 'idempotency-key-in-use',
      });
    });
  });

  it('is unavailable when its connections are cut, and recovers by itself', async () => {
    await stored.db.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'test' AND datname = current_database()`);
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => stored.repository.create([someNewOrder()], inTime())),
    );
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'unavailable' });
    }
    await eventually('the pool has noticed', () =>
      stored.repository.create([someNewOrder()], inTime()).then(
        () => true,
        () => false,
      ),
    );
  });

  it('gives up a silent server, and recovers as soon as it can be reached', async () => {
    const url = new URL(stored.db.url);
    const edge = await FaultProxy.listen('postgres', Number(url.port));
    url.port = String(edge.port);
    const behind = openDataSource({ url: new Secret(url.href), poolMax: 2, applicationName: 'behind' });
    await behind.initialize();
    const through = new PostgresOrdersRepository(behind, () => undefined);
    await through.create([someNewOrder()], inTime());
    edge.set({ kind: 'blackhole' });
    const outcomes = await Promise.allSettled([1, 2].map(() => through.create([someNewOrder()], inTime())));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    edge.clear();
    await through.create([someNewOrder()], inTime());
    await behind.destroy();
    await edge.close();
  }, 20_000);

  it('survives the loss of a connection that is checked out and idle', async () => {
    const runner = stored.dataSource.createQueryRunner();
    const { processID } = (await runner.connect()) as { processID: number };
    await stored.db.query('SELECT pg_terminate_backend($1)', [processID]);
    await eventually('the connection is known to be gone', () =>
      runner.query('SELECT 1').then(
        () => false,
        () => true,
      ),
    );
    await runner.release();
    await eventually('the pool has noticed', () =>
      stored.repository.create([someNewOrder()], inTime()).then(
        () => true,
        () => false,
      ),
    );
  });

  it('does not wait for a connection until the deadline: an exhausted pool is unavailable (503)', async () => {
    const small = openDataSource({ url: new Secret(stored.db.url), poolMax: 1, applicationName: 'small' });
    await small.initialize();
    const runner = small.createQueryRunner();
    await runner.connect();
    const repositoryOfOne = new PostgresOrdersRepository(small, () => undefined);
    const late = repositoryOfOne.create([someNewOrder()], inTime());
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await runner.release();
    await repositoryOfOne.create([someNewOrder()], inTime());
    await small.destroy();
  });

  it('fails before the deadline while the table is locked, and recovers when it is free', async () => {
    await stored.db.transaction(async (tx) => {
      await tx.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
      const codes = Array.from({ length: 15 }, () =>
        stored.repository.create([someNewOrder()], inTime()).catch(({ code }: { code: unknown }) => code),
      );
      for (const code of await Promise.all(codes))
        expect(code).toMatch(/^(unavailable|idempotency-key-in-use)$/);
    });
    await stored.repository.create([someNewOrder()], inTime());
  });

  it('is unavailable when another transaction holds the order to be cancelled', async () => {
    const { order } = someNewOrder();
    await stored.repository.create([{ ...someNewOrder(), order }], inTime());
    await stored.db.transaction(async (tx) => {
      await tx.query('SELECT id FROM orders WHERE id = $1 FOR UPDATE', [order.id]);
      const cancelled = stored.repository.update(order, inTime(), canceling);
      await expect(cancelled).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
});
