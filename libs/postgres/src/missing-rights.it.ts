import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { withDatabase } from './open-database.js';
import { eventually } from '@orders/resilience/testing/eventually';
import { OpeningService } from './testing/opening-service.js';
import { createMigratedDatabase, type TestDatabase } from './testing/test-database.js';
import { createTestRole, type TestRole } from './testing/test-role.js';
import { THINGS_RIGHTS, thingsAt } from './testing/things.js';

const EXPECTED = { rights: THINGS_RIGHTS };

let db: TestDatabase;
let role: TestRole;
beforeAll(async () => {
  ({ db } = await createMigratedDatabase(thingsAt));
});
afterAll(() => db[Symbol.asyncDispose]());
beforeEach(async () => {
  role = await createTestRole(db, { ...THINGS_RIGHTS, migrations: ['SELECT'] });
});
afterEach(() => role[Symbol.asyncDispose]());

const connect = () => withDatabase(thingsAt(role.url), EXPECTED, () => Promise.resolve('connected'));

describe('a role', () => {
  it('with the rights that an app declares is enough', async () => {
    await expect(connect()).resolves.toBe('connected');
  });

  it.each([
    'SELECT ON things',
    'INSERT ON things',
    'UPDATE ON things',
    'DELETE ON things',
    'USAGE ON SEQUENCE thing_number',
    'EXECUTE ON FUNCTION forget_things(date)',
    'SELECT ON migrations',
  ])('that lacks %s is told the statement that gives it', async (right) => {
    await db.query(`REVOKE ${right} FROM ${role.name}`);
    await expect(connect()).rejects.toThrow(
      `Role "${role.name}" lacks rights: GRANT ${right} TO "${role.name}"`,
    );
    await db.query(`GRANT ${right} TO ${role.name}`);
    await expect(connect()).resolves.toBe('connected');
  });

  it('that may update some columns is not refused for the others', async () => {
    await db.query(`REVOKE UPDATE ON things FROM ${role.name}`);
    await db.query(`GRANT UPDATE (at) ON things TO ${role.name}`);
    await expect(connect()).resolves.toBe('connected');
  });

  it('that may not update a column that it must is told so', async () => {
    await db.query(`REVOKE UPDATE ON things FROM ${role.name}`);
    await db.query(`GRANT UPDATE (at) ON things TO ${role.name}`);
    const rights = { things: ['UPDATE (at, number)'] } as const;
    const connecting = withDatabase(thingsAt(role.url), { rights }, () => Promise.resolve());
    await expect(connecting).rejects.toThrow(`GRANT UPDATE (at, number) ON things TO "${role.name}"`);
    await db.query(`GRANT UPDATE (number) ON things TO ${role.name}`);
    await withDatabase(thingsAt(role.url), { rights }, () => Promise.resolve());
  });

  it('that does not see the schema is told so', async () => {
    await db.query('REVOKE USAGE ON SCHEMA public FROM public');
    await expect(connect()).rejects.toThrow(/sees no migrations .* or grant it USAGE on the schema$/);
    await db.query('GRANT USAGE ON SCHEMA public TO public');
  });

  it('is told what somebody has dropped', async () => {
    await db.query('ALTER TABLE things RENAME TO gone');
    await expect(connect()).rejects.toThrow('has no things, although its migrations were run');
    await db.query('ALTER TABLE gone RENAME TO things');
  });
});

describe('an app whose role lacks a right', () => {
  // It was ready, and failed every request or made a dead letter of every event.
  it('waits for it, is not ready whenever it loses one, and each change is logged once', async () => {
    await db.query(`REVOKE INSERT ON things FROM ${role.name}`);
    await using service = await OpeningService.start(thingsAt(role.url), EXPECTED);
    const reason = `Role "${role.name}" lacks rights: GRANT INSERT ON things TO "${role.name}"`;
    const isReady = (status: number, reason: string | undefined) => async () => {
      const now = await service.readiness();
      return now.status === status && now.reason === reason;
    };
    await eventually('it tells why it waits', isReady(503, reason));
    await db.query(`GRANT INSERT ON things TO ${role.name}`);
    await service.opened;
    expect(await service.readiness()).toEqual({ status: 200, reason: undefined });
    await db.query(`REVOKE INSERT ON things FROM ${role.name}`);
    for (let probes = 0; probes < 2; probes += 1)
      expect(await service.readiness()).toEqual({ status: 503, reason });
    await db.query(`GRANT INSERT ON things TO ${role.name}`);
    expect(await service.readiness()).toEqual({ status: 200, reason: undefined });
    const [cannot, can] = [`the database cannot be used: ${reason}`, 'the database can be used'];
    expect(service.logged).toEqual([cannot, can, 'started', cannot, can]);
  });
});
