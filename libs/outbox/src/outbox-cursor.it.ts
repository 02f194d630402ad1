import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { postgresOptions, preparedQueries } from '@orders/postgres';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { DataSource } from 'typeorm';
import { OutboxCursor } from './outbox-cursor.js';
import { LOG_START } from './outbox-replay.js';
import { OUTBOX_SCHEMA } from './testing/whole-schema.js';

let db: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase(
    (url) => new DataSource(postgresOptions({ url: new Secret(url), poolMax: 1, applicationName: 'test' })),
  ));
  await db.query(OUTBOX_SCHEMA);
});
afterAll(() => db[Symbol.asyncDispose]());

it('the statement that moves the cursor is planned once per connection, with an index even on an empty table', async () => {
  const cursor = new OutboxCursor(dataSource, preparedQueries(dataSource));
  await cursor.acquire('me', 5_000);
  const unmoved = {
    from: LOG_START,
    to: { ...LOG_START, stream: 's', streamSequence: 0, messageId: undefined },
  };
  for (let n = 0; n < 10; n += 1) expect(await cursor.advance('me', unmoved, 5_000)).toBe(true);

  const [prepared] = await dataSource.query<{ name: string; custom: number; generic: number }[]>(
    `SELECT name, custom_plans::int AS custom, generic_plans::int AS generic FROM pg_prepared_statements WHERE statement ~ 'checkpoint'`,
  );
  // Postgres makes five custom plans before it keeps a generic one.
  expect(prepared).toMatchObject({ custom: 5, generic: 5 });
  await db.query('TRUNCATE outbox_checkpoint');
  await dataSource.query('SET plan_cache_mode = force_generic_plan');
  const explain = `EXPLAIN EXECUTE "${prepared!.name}" ('relay', 'me', '0', 0, '0', 0, 5000, 's', 0, NULL)`;
  const plan = JSON.stringify(await dataSource.query(explain));
  expect(plan).toContain('using outbox_checkpoint_pkey');
  expect(plan).not.toContain('Seq Scan on outbox_checkpoint');
});
