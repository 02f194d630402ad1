import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createMigratedDatabase,
  createTestRoles,
  forbiddenStatements,
  type TestDatabase,
  type TestRoles,
} from '@orders/postgres/testing';
import { Secret } from '@orders/service';
import { Client } from 'pg';
import { dataSource, roles } from './app.js';

let db: TestDatabase;
let granted: TestRoles;
beforeAll(async () => {
  const open = (url: string) => dataSource({ url: new Secret(url), poolMax: 2, applicationName: 'test' });
  ({ db } = await createMigratedDatabase(open));
  await db.query('CREATE TABLE of_another_app ()');
  granted = await createTestRoles(db, roles);
});
afterAll(async () => {
  await granted[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

/** What its own rights leave out. */
const FORBIDDEN = {
  app: [
    `UPDATE dead_letter SET state = 'discarded'`,
    'DELETE FROM dead_letter',
    'SELECT FROM dead_letter_audit',
    `INSERT INTO dead_letter_audit (operator) VALUES ('me')`,
  ],
  operator: [
    'DELETE FROM inbox',
    'DELETE FROM dead_letter',
    `UPDATE dead_letter SET body = ''`,
    'DELETE FROM dead_letter_audit',
    `UPDATE dead_letter_audit SET operator = 'somebody else'`,
  ],
  readonly: [`INSERT INTO inbox (consumer) VALUES ('c')`, `UPDATE dead_letter SET state = 'redriven'`],
};

describe.each(Object.keys(FORBIDDEN) as (keyof typeof FORBIDDEN)[])('the role %s', (kind) => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ connectionString: granted.urlOf(kind) });
    await client.connect();
  });
  afterAll(() => client.end());

  const general = forbiddenStatements({
    table: 'shipments',
    foreignTable: 'of_another_app',
    otherRole: 'OTHER',
  });
  it.each([...general, ...FORBIDDEN[kind]])('must not: %s', async (statement) => {
    const other = granted.nameOf(kind === 'app' ? 'operator' : 'app');
    await expect(client.query(statement.replace('OTHER', other))).rejects.toMatchObject({ code: '42501' });
  });
});
