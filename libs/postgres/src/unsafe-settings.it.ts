import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withDatabase } from './open-database.js';
import { OpeningService } from './testing/opening-service.js';
import { createMigratedDatabase, type TestDatabase } from './testing/test-database.js';
import { thingsAt } from './testing/things.js';

let db: TestDatabase;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase(thingsAt));
  const name = new URL(db.url).pathname.slice(1);
  await db.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
});
afterAll(() => db[Symbol.asyncDispose]());

const REFUSAL = 'Postgres may lose acknowledged data, because these are off: synchronous_commit';

describe('a Postgres that may lose acknowledged data', () => {
  it('ends an app that starts', async () => {
    await using service = await OpeningService.start(thingsAt(db.url), { rights: {} });
    await expect(service.opened).rejects.toThrow(REFUSAL);
  });

  it('is refused by a command line', async () => {
    const command = withDatabase(thingsAt(db.url), { rights: {} }, () => Promise.resolve());
    await expect(command).rejects.toThrow(REFUSAL);
  });

  it('is used by whoever accepts that', async () => {
    const accepting = { durability: 'unchecked', rights: {} } as const;
    await using service = await OpeningService.start(thingsAt(db.url), accepting);
    await service.opened;
    expect((await service.readiness()).status).toBe(200);
  });
});
