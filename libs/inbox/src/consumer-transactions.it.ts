import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId, someEvent } from '@orders/messaging/testing';
import { postgresOptions, type Queryable, type TransactionRunner, transactionsOf } from '@orders/postgres';
import { createMigratedDatabase, type TestDatabase } from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { DataSource } from 'typeorm';
import { DeadLetters } from './dead-letters.js';
import { INBOX_SCHEMA_V1 } from './inbox-schema.js';
import { Inbox } from './inbox.js';

const inbox = new Inbox('reader');
let db: TestDatabase;
let dataSource: DataSource;
let transactions: TransactionRunner;

beforeAll(async () => {
  ({ db, dataSource } = await createMigratedDatabase(
    (url) => new DataSource(postgresOptions({ url: new Secret(url), poolMax: 1, applicationName: 'test' })),
  ));
  await db.query(INBOX_SCHEMA_V1);
  transactions = transactionsOf(dataSource);
});
beforeEach(() => db.query('TRUNCATE inbox'));
afterAll(() => db[Symbol.asyncDispose]());

const accept = (tx: Queryable) => inbox.accept(tx, [{ id: newEventId() }]);
const accepted = () => db.query('SELECT event_id FROM inbox');

describe('a transaction of the consumer', () => {
  it('commits and returns the result of its work, or rolls back and throws its error', async () => {
    expect(await transactions.transaction(accept)).toHaveLength(1);
    const failing = transactions.transaction(async (tx) => {
      await accept(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await accepted()).toHaveLength(1);
  });

  it('has its statements planned once per connection', async () => {
    for (let n = 0; n < 10; n += 1) await transactions.transaction(accept);
    const sql = `SELECT generic_plans + custom_plans AS plans FROM pg_prepared_statements WHERE statement ~ 'inbox'`;
    expect(await dataSource.query(sql)).toEqual([{ plans: expect.stringMatching(/^1\d$/) }]);
  });

  it('keeps no plan with a sequential scan, even one made while the table was empty', async () => {
    const delivery = { message: someEvent(), address: 'S/1', attempt: 1, ack() {}, nak() {}, working() {} };
    const deadLetters = new DeadLetters('reader');
    await transactions.transaction((tx) => deadLetters.add(tx, delivery, new Error('no')));
    const [{ name } = { name: '' }] = await dataSource.query<{ name: string }[]>(
      `SELECT name FROM pg_prepared_statements WHERE statement ~ 'dead_letter'`,
    );
    await db.query('TRUNCATE dead_letter');
    const args = `'reader', 'S/1', '${delivery.message.id}', 's', '{}', '', 'e', 1`;
    await dataSource.query('SET plan_cache_mode = force_generic_plan');
    const plan = await dataSource.query<object[]>(`EXPLAIN EXECUTE "${name}" (${args})`);
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  });
});
