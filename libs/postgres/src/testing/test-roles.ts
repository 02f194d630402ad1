import { createLogger } from '@orders/instrumentation';
import { randomBytes } from 'node:crypto';
import { grantRoles, type RoleRights } from '../roles.js';
import type { TestDatabase } from './test-database.js';

const KINDS = ['app', 'relay', 'operator', 'readonly'] as const;
export type RoleKind = (typeof KINDS)[number];

/** The roles of an app in one test database, each with a login that is a member of it and nothing else. */
export interface TestRoles {
  /** The name of the group. */
  readonly nameOf: (kind: RoleKind) => string;
  /** `postgres://…` of the database, as the login. */
  readonly urlOf: (kind: RoleKind) => string;
  /** Gives the roles their rights to the tables that there are now, as the end of a run of migrations does. */
  grant(): Promise<void>;
  /** Removes rights and roles; do it before the database is dropped. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Creates the roles of an app, and has them granted their rights. */
export async function createTestRoles(db: TestDatabase, roles: RoleRights): Promise<TestRoles> {
  const prefix = `test_roles_${randomBytes(6).toString('hex')}`;
  const nameOf = (kind: RoleKind) => `${prefix}_${kind}`;
  const loginOf = (kind: RoleKind) => `${nameOf(kind)}_login`;
  for (const kind of KINDS)
    await db.query(`CREATE ROLE ${nameOf(kind)};
      CREATE ROLE ${loginOf(kind)} LOGIN PASSWORD 'secret' IN ROLE ${nameOf(kind)}`);
  const grant = () => grantRoles(db, { roles, prefix }, createLogger({ name: 'test', level: 'silent' }));
  await grant();
  const names = KINDS.flatMap((kind) => [nameOf(kind), loginOf(kind)]).join(', ');
  return {
    nameOf,
    urlOf: (kind) => Object.assign(new URL(db.url), { username: loginOf(kind), password: 'secret' }).href,
    grant,
    [Symbol.asyncDispose]: async () => {
      await db.query(`DROP OWNED BY ${names}; DROP ROLE ${names}`);
    },
  };
}
