import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metricsText } from '@orders/instrumentation';
import { eventually } from '@orders/resilience/testing/eventually';
import { withDatabase } from './open-database.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';
import { OpeningService } from './testing/opening-service.js';
import { thingsAt } from './testing/things.js';

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db[Symbol.asyncDispose]());

const EXPECTED = { rights: { things: ['SELECT'] } } as const;

async function migrate(): Promise<void> {
  const database = thingsAt(db.url);
  await database.initialize();
  await database.runMigrations();
  await database.destroy();
}

describe('an app whose database has no migrations yet', () => {
  // It started, was ready, and answered every request with 500.
  it('waits, tells why, and starts when they were run', async () => {
    await using service = await OpeningService.start(thingsAt(db.url), EXPECTED);
    const first = await firstReason(service);
    expect(first).toMatch(/^Role "postgres" sees no migrations in database "test_\w+": run the migrations/);
    expect(await service.startup()).toBe(200);
    expect(await metricsText()).toContain('migrations_failed{check="postgres"} 1\n');
    await migrate();
    await service.opened;
    expect(await service.readiness()).toEqual({ status: 200, reason: undefined });
    expect(await metricsText()).toContain('migrations_failed{check="postgres"} 0\n');
    expect(service.logged[0]).toBe(`the database cannot be used: ${first}`);
    // In between it may have seen that the first of them is under way.
    expect(service.logged.slice(-2)).toEqual(['the database can be used', 'started']);
  });

  it('names those that are missing, also in the database of another app', async () => {
    await migrate();
    await db.query(`UPDATE migrations SET name = 'Others1700000000001'`);
    await using service = await OpeningService.start(thingsAt(db.url), EXPECTED);
    expect(await firstReason(service)).toMatch(
      /lacks the migrations Things1700000000001: run the migrations/,
    );
    const command = withDatabase(thingsAt(db.url), EXPECTED, () => Promise.resolve());
    await expect(command).rejects.toMatchObject({ name: 'CliError', message: await firstReason(service) });
  });
});

it('a database with the migrations of a newer version is used, and told of once', async () => {
  await migrate();
  await db.query(`INSERT INTO migrations (timestamp, name) VALUES (1800000000001, 'Newer1800000000001')`);
  await using service = await OpeningService.start(thingsAt(db.url), EXPECTED);
  await service.opened;
  expect((await service.readiness()).status).toBe(200);
  expect(
    service.logged.filter((line) => line.endsWith('of a newer version: Newer1800000000001')),
  ).toHaveLength(1);
});

async function firstReason(service: OpeningService): Promise<string> {
  let first: string | undefined;
  await eventually('it tells why it waits', async () => {
    const { status, reason } = await service.readiness();
    expect(status).toBe(503);
    first = reason;
    return reason !== 'not connected yet';
  });
  return first!;
}
