import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Secret } from '@orders/service';
import { clientClassFor } from './database-client.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

it.each([
  ['PGOPTIONS', '-c statement_timeout=77'],
  ['PGOPTIONS', '-c default_transaction_read_only=on'],
  ['PGAPPNAME', 'somebody'],
  ['PGSSLMODE', 'require'],
  ['PGSSLNEGOTIATION', 'direct'],
  ['PGREPLICATION', 'database'],
  ['PGUSER', 'nobody'],
  ['PGPASSWORD', 'wrong'],
  ['PGDATABASE', 'nothing'],
  ['PGHOST', 'nowhere.invalid'],
  ['PGPORT', '1'],
])('%s=%s in the environment changes no session of an app', async (name, value) => {
  process.env[name] = value;
  try {
    const Client = clientClassFor({ url: new Secret(db.url), applicationName: 'app' });
    const client = new Client();
    await client.connect();
    const { rows } = await client.query(`
      SELECT current_database() AS database, current_setting('statement_timeout') AS timeout,
        current_setting('default_transaction_read_only') AS "readOnly", current_setting('application_name') AS name`);
    await client.end();
    const database = new URL(db.url).pathname.slice(1);
    expect(rows).toEqual([{ database, timeout: '0', readOnly: 'off', name: 'app' }]);
  } finally {
    delete process.env[name];
  }
});
