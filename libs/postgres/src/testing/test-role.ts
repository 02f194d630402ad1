import { randomBytes } from 'node:crypto';
import { grantsOf, type Rights } from '../rights.js';
import type { TestDatabase } from './test-database.js';

/** A role that may do what it has been granted in one test database, and nothing else. */
export interface TestRole {
  readonly name: string;
  /** `postgres://…` of the database, as this role. */
  readonly url: string;
  /** Removes its rights and the role; do it before the database is dropped. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Creates a role with these rights in a database. */
export async function createTestRole(db: TestDatabase, rights: Rights): Promise<TestRole> {
  const name = `test_role_${randomBytes(6).toString('hex')}`;
  await db.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret'`);
  for (const grant of grantsOf(rights, name)) await db.query(grant);
  return {
    name,
    url: Object.assign(new URL(db.url), { username: name, password: 'secret' }).href,
    [Symbol.asyncDispose]: async () => {
      await db.query(`DROP OWNED BY ${name}`);
      await db.query(`DROP ROLE ${name}`);
    },
  };
}
