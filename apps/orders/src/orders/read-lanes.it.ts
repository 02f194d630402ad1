import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { currentCaller } from '@orders/instrumentation';
import { eventually } from '@orders/resilience/testing/eventually';
import type { Deadline } from '@orders/resilience';
import { Secret } from '@orders/service';
import type { DataSource } from 'typeorm';
import { dataSource as openDataSource } from '../app.js';
import { inTime, ITEMS, ORIGIN, someReader } from '../testing/fixtures.js';
import { StoredOrders } from '../testing/stored-orders.js';
import type { NewOrder, OrderRef, OrdersQuery } from './orders.repository.js';
import { OrdersService } from './orders.service.js';
import { PostgresOrdersRepository } from './postgres-orders.repository.js';

type Kind = 'create' | 'findAll' | 'listAll';

/** All statements of one kind wait for a lock first, on a connection of the pool. */
class SlowRepository extends PostgresOrdersRepository {
  constructor(
    private readonly pool: DataSource,
    private readonly slow: Kind,
  ) {
    super(pool, () => undefined);
  }

  override async create(orders: readonly NewOrder[], deadline: Deadline) {
    await this.wait('create');
    return super.create(orders, deadline);
  }

  override async findAll(which: readonly OrderRef[], deadline: Deadline) {
    await this.wait('findAll');
    return super.findAll(which, deadline);
  }

  override async listAll(queries: readonly OrdersQuery[], deadline: Deadline) {
    await this.wait('listAll');
    return super.listAll(queries, deadline);
  }

  private async wait(kind: Kind): Promise<void> {
    if (kind !== this.slow) return;
    await this.pool.transaction(async (tx) => {
      await tx.query('SET LOCAL lock_timeout = 0');
      await tx.query('SET LOCAL statement_timeout = 0');
      await tx.query('SELECT pg_advisory_xact_lock(1)');
    });
  }
}

let stored: StoredOrders;
beforeAll(async () => {
  stored = await StoredOrders.open();
});
afterAll(() => stored[Symbol.asyncDispose]());

async function waiting(): Promise<number> {
  const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'`;
  return (await stored.db.query<unknown[]>(sql)).length;
}

// Reads were not limited: slow ones took all connections of the pool, and orders got 503.
it.each<[string, Kind, number]>([
  ['orders that are stored', 'create', 4],
  ['reads', 'findAll', 2],
  ['pages', 'listAll', 2],
])('slow %s hold up nothing else', async (_, slow, atOnce) => {
  // One connection more than they may take.
  const settings = { url: new Secret(stored.db.url), poolMax: atOnce + 1, applicationName: 'lanes' };
  const pool = openDataSource(settings);
  await pool.initialize();
  const service = new OrdersService(new SlowRepository(pool, slow));
  const ask: Readonly<Record<Kind, () => Promise<unknown>>> = {
    create: () =>
      service.create(
        {
          ...{ customerId: 'alice', items: ITEMS, idempotencyKey: randomUUIDv7() },
          ...{ origin: ORIGIN, caller: currentCaller() },
        },
        inTime(),
      ),
    findAll: () => service.get({ id: randomUUIDv7(), customerId: 'alice' }, someReader()),
    listAll: () => service.list({ customerId: 'alice', limit: 5, before: undefined }, someReader()),
  };
  const asked: Promise<unknown>[] = [];
  const others = (Object.keys(ask) as Kind[]).filter((kind) => kind !== slow);

  const answers = await stored.db.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock(1)');
    await eventually('all statements of that kind wait', async () => {
      asked.push(ask[slow]());
      return asked.length > 20 && (await waiting()) >= atOnce;
    });
    return Promise.allSettled(others.flatMap((kind) => [1, 2, 3].map(ask[kind])));
  });
  await Promise.allSettled(asked);
  await pool.destroy();
  // A read of an order that is not there has its answer too.
  const failures = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason as unknown] : [],
  );
  for (const failure of failures) expect(failure).toMatchObject({ code: 'order-not-found' });
});
