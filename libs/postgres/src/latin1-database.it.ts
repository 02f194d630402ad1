import { createLogger } from '@orders/instrumentation';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { withDatabase } from './open-database.js';
import { runMigrations } from './run-migrations.js';
import { OpeningService } from './testing/opening-service.js';
import { requiredUrl } from './testing/test-config.js';
import { thingsAt } from './testing/things.js';

const name = `latin1_${randomBytes(6).toString('hex')}`;
const url = Object.assign(new URL(requiredUrl('TEST_DATABASE_URL')), { pathname: name }).href;

async function administer(sql: string): Promise<void> {
  const client = new Client({ connectionString: requiredUrl('TEST_DATABASE_URL') });
  await client.connect();
  await client.query(sql);
  await client.end();
}
beforeAll(() => administer(`CREATE DATABASE ${name} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0`));
afterAll(() => administer(`DROP DATABASE ${name} WITH (FORCE)`));

// Requests with other letters were answered with 500, and their events became dead letters.
describe('a database that does not store every letter', () => {
  const refusal = {
    name: 'CliError',
    message: `The encoding of database "${name}" is LATIN1: create one with ENCODING 'UTF8' TEMPLATE template0`,
  };

  it('is refused by the migrations, before they change anything', async () => {
    const migrated = runMigrations(thingsAt(url), createLogger({ name: 'test', level: 'silent' }));
    await expect(migrated).rejects.toMatchObject(refusal);
  });

  it('is refused by a command line', async () => {
    const command = withDatabase(thingsAt(url), { rights: {} }, () => Promise.resolve());
    await expect(command).rejects.toMatchObject(refusal);
  });

  it('ends an app that starts', async () => {
    await using service = await OpeningService.start(thingsAt(url), { rights: {} });
    await expect(service.opened).rejects.toMatchObject(refusal);
    expect(service.logged).toEqual([]);
  });
});
