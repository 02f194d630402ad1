import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { pino } from 'pino';
import { grantRoles, type RoleRights } from './roles.js';
import { createTestDatabase, type TestDatabase } from './testing/test-database.js';

const ROLES = {
  app: { things: ['SELECT', 'INSERT', 'UPDATE (name)'] },
  operator: { audit: ['SELECT', 'INSERT'] },
} as const satisfies RoleRights;

let stack: AsyncDisposableStack;
let db: TestDatabase;
let prefix: string;
let logged: Record<string, unknown>[];
const logger = pino({ base: null }, { write: (line: string) => void logged.push(JSON.parse(line) as never) });

beforeEach(async () => {
  logged = [];
  prefix = `test_roles_${randomBytes(6).toString('hex')}`;
  stack = new AsyncDisposableStack();
  db = stack.use(await createTestDatabase());
  await db.query('CREATE TABLE migrations (id int)');
  await db.query('CREATE TABLE things (name text, price int)');
  await db.query('CREATE TABLE audit ()');
});
afterEach(() => stack.disposeAsync());

async function createRole(name: string): Promise<void> {
  await db.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`);
  stack.defer(async () => {
    await db.query(`DROP OWNED BY ${name}`);
    await db.query(`DROP ROLE ${name}`);
  });
}

const grant = () => grantRoles(db, { roles: ROLES, prefix }, logger);
const may = async (kind: string, table: string, privilege: string, column?: string) => {
  const role = `${prefix}_${kind}`;
  const sql = column
    ? 'SELECT has_column_privilege($1, $2, $4, $3) AS may'
    : 'SELECT has_table_privilege($1, $2, $3) AS may';
  const [row] = await db.query<[{ may: boolean }]>(sql, [
    role,
    table,
    privilege,
    ...(column ? [column] : []),
  ]);
  return row.may;
};

describe('the roles of an app', () => {
  it('get their rights at the end of each run; those that do not exist are named', async () => {
    await createRole(`${prefix}_app`);
    await createRole(`${prefix}_readonly`);
    await grant();
    await grant();
    expect(await may('app', 'things', 'INSERT')).toBe(true);
    expect(await may('app', 'things', 'UPDATE', 'name')).toBe(true);
    expect(await may('app', 'things', 'UPDATE', 'price')).toBe(false);
    expect(await may('app', 'audit', 'SELECT')).toBe(false);
    expect(await may('readonly', 'audit', 'SELECT')).toBe(true);
    expect(await may('readonly', 'things', 'INSERT')).toBe(false);
    expect(logged[0]).toMatchObject({
      roles: [`${prefix}_app`, `${prefix}_readonly`],
      missing: [`${prefix}_operator`],
    });
  });

  it('get those to a table that was made anew', async () => {
    await createRole(`${prefix}_operator`);
    await grant();
    await db.query('DROP TABLE audit; CREATE TABLE audit ()');
    expect(await may('operator', 'audit', 'INSERT')).toBe(false);
    await grant();
    expect(await may('operator', 'audit', 'INSERT')).toBe(true);
  });

  it('keep what somebody else has granted them', async () => {
    await createRole(`${prefix}_app`);
    await db.query(`GRANT SELECT ON audit TO ${prefix}_app`);
    await grant();
    expect(await may('app', 'audit', 'SELECT')).toBe(true);
  });
});

describe('a schema in which everybody may create objects, as before Postgres 15', () => {
  const isOpen = async () =>
    (
      await db.query<[{ open: boolean }]>(`SELECT has_schema_privilege('public', 'public', 'CREATE') AS open`)
    )[0].open;
  beforeEach(() => db.query('GRANT CREATE ON SCHEMA public TO PUBLIC'));

  it('is closed by its owner', async () => {
    await grant();
    expect(await isOpen()).toBe(false);
  });

  it('is reported with the statement by a role that may not', async () => {
    await createRole(`${prefix}_app`);
    const url = Object.assign(new URL(db.url), { username: `${prefix}_app`, password: 'secret' }).href;
    const client = new Client({ connectionString: url });
    await client.connect();
    const query = async <Rows>(sql: string, parameters?: unknown[]) =>
      (await client.query(sql, parameters)).rows as Rows;
    await grantRoles({ query }, { roles: { app: {} }, prefix: 'nobody' }, logger);
    await client.end();
    expect(logged[0]).toMatchObject({ statement: 'REVOKE CREATE ON SCHEMA public FROM PUBLIC' });
    expect(await isOpen()).toBe(true);
  });
});
