import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '@orders/resilience/testing/eventually';
import { OpeningService } from './testing/opening-service.js';
import { createMigratedDatabase, type TestDatabase } from './testing/test-database.js';
import { thingsAt } from './testing/things.js';

let db: TestDatabase;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase(thingsAt));
});
afterAll(() => db[Symbol.asyncDispose]());

// It was ready, and every request that writes was answered with 503.
it('an app on a server that only reads waits until it takes writes', async () => {
  const name = new URL(db.url).pathname.slice(1);
  await db.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  await using service = await OpeningService.start(thingsAt(db.url), { rights: {} });
  await eventually('it tells why it waits', async () =>
    Boolean((await service.readiness()).reason?.startsWith('The server lets this role only read: set ')),
  );
  await db.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  await service.opened;
  expect(await service.readiness()).toEqual({ status: 200, reason: undefined });
});
