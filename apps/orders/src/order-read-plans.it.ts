import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { dataSource as openDataSource } from './app.js';
import { FIND_ORDERS, LIST_ORDERS } from './orders/order-reads.js';

const FILL = `
  INSERT INTO orders (id, customer_id, idempotency_key, request_hash, items, total_cents, status, version, created_at)
  SELECT gen_random_uuid(), 'customer', 'key-' || n, '\\x00', '[]', 0, 'CREATED', 1, now()
  FROM generate_series(1, $1::int) AS n`;

const PREPARED = {
  find: [FIND_ORDERS, `'{00000000-0000-7000-8000-000000000000}', '{customer}'`],
  list: [LIST_ORDERS, `'{customer}', '{ffffffff-ffff-ffff-ffff-ffffffffffff}', '{20}'`],
} as const;

let db: TestDatabase;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase((url) =>
    openDataSource({ url: new Secret(url), poolMax: 2, applicationName: 'test' }),
  ));
});
afterAll(() => db[Symbol.asyncDispose]());

/** The plan for any parameters, which a connection keeps until the next ANALYZE, however much the table grows. */
function keptPlan(name: keyof typeof PREPARED): Promise<string> {
  const [sql, values] = PREPARED[name];
  return db.transaction(async (tx) => {
    await tx.query('SET LOCAL plan_cache_mode = force_generic_plan');
    await tx.query(`PREPARE ${name} AS ${sql}`);
    const plan = await tx.query<{ 'QUERY PLAN': string }[]>(`EXPLAIN EXECUTE ${name}(${values})`);
    await tx.query(`DEALLOCATE ${name}`);
    return plan.map((row) => row['QUERY PLAN']).join('\n');
  });
}

describe.each([0, 60, 20_000])('reads that are prepared while there are %i orders', (rows) => {
  beforeAll(async () => {
    await db.query('TRUNCATE orders, outbox');
    await db.query(FILL, [rows]);
    if (rows > 0) await db.query('ANALYZE orders');
  });

  // A plan for a small table scanned all of a large one, for each order.
  it('find each order by the index of the ids', async () => {
    const plan = await keptPlan('find');
    expect(plan).toContain('Index Scan using orders_pkey');
    expect(plan).not.toContain('Sort');
  });

  it('walk the index of a customer for a page, without sorting', async () => {
    const plan = await keptPlan('list');
    expect(plan).toContain('Index Scan using orders_customer_newest');
    expect(plan).not.toContain('Sort');
  });
});
