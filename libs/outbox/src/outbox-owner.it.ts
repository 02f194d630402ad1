import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createTestDatabase,
  createTestRole,
  type TestDatabase,
  type TestRole,
} from '@orders/postgres/testing';
import { Client } from 'pg';
import { OUTBOX_SCHEMA_V5 } from './outbox-owner-schema.js';
import { OUTBOX_SCHEMA_BEFORE_V5 } from './testing/whole-schema.js';

let db: TestDatabase;
let stack: AsyncDisposableStack;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  db = stack.use(await createTestDatabase());
  await db.query(OUTBOX_SCHEMA_BEFORE_V5);
});
afterEach(() => stack.disposeAsync());

async function connectAs(role: TestRole): Promise<Client> {
  const client = new Client({ connectionString: role.url });
  await client.connect();
  stack.defer(() => client.end());
  return client;
}

describe('the functions of the owner', () => {
  // A temporary table with a trigger took the place of the owner's, and the trigger ran as the owner.
  it('cannot be made to run what their caller has written', async () => {
    await db.query(OUTBOX_SCHEMA_V5);
    const rights = { 'outbox_maintain(interval)': ['EXECUTE'] } as const;
    const client = await connectAs(stack.use(await createTestRole(db, rights)));
    await client.query(`
      CREATE TEMPORARY TABLE outbox_checkpoint (noted_at timestamptz);
      INSERT INTO outbox_checkpoint VALUES ('2000-01-01');
      GRANT ALL ON outbox_checkpoint TO PUBLIC;
      CREATE FUNCTION pg_temp.intrude() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN CREATE TABLE public.intruder (); RETURN OLD; END $$;
      CREATE TRIGGER intrude BEFORE DELETE ON outbox_checkpoint FOR EACH ROW EXECUTE FUNCTION pg_temp.intrude();
      SELECT outbox_maintain('7 days')`);
    const [found] = await db.query<[{ intruder: string | null }]>(
      `SELECT to_regclass('intruder') AS intruder`,
    );
    expect(found.intruder).toBeNull();
  });

  it('may be called by roles that moved the cursor before the migration, and by no others', async () => {
    const relay = stack.use(await createTestRole(db, { outbox_cursor: ['UPDATE'] }));
    const other = stack.use(await createTestRole(db, { outbox: ['INSERT'] }));
    await db.query(OUTBOX_SCHEMA_V5);
    await (await connectAs(relay)).query(`SELECT outbox_maintain('7 days'), outbox_rebase()`);
    const refused = await connectAs(other);
    for (const call of [`outbox_maintain('7 days')`, 'outbox_rebase()'])
      await expect(refused.query(`SELECT ${call}`)).rejects.toMatchObject({ code: '42501' });
  });
});
