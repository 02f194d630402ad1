import type { Logger } from 'pino';
import { grantsOf, quoted, type Rights } from './rights.js';

/**
 * The roles of an app besides the owner of its tables, which runs the migrations. Each is a group without login, of which
 * the logins of processes and people are members:
 *
 * - `app`: what serves requests and events;
 * - `relay`: what publishes the outbox;
 * - `operator`: the command lines, such as the desk of dead letters.
 *
 * A fourth one, `readonly`, may read all tables that one of these may read.
 */
export interface RoleRights {
  readonly app: Rights;
  readonly relay?: Rights;
  readonly operator?: Rights;
}

export interface RoleOptions {
  readonly roles: RoleRights;
  /** Their names begin with it: `orders` gives `orders_app`, `orders_relay`, … */
  readonly prefix: string;
}

interface Database {
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
}

const OWN_SCHEMA = `
  SELECT quote_ident(nspname) AS schema, pg_has_role(nspowner, 'USAGE') AS "isOwner",
    has_schema_privilege('public', oid, 'CREATE') AS "isOpen"
  FROM pg_namespace WHERE nspname = current_schema()`;

/**
 * Gives each role of an app its rights to the tables that there are now; what it has already, it keeps. A role that does
 * not exist is left out, since roles belong to the whole cluster: who administers it makes them.
 *
 * Also takes the right to create objects in the schema from everybody, which databases have that came from Postgres 14.
 *
 * @param database connected as the owner of the tables; all of it is one transaction
 */
export async function grantRoles(
  database: Database,
  { roles, prefix }: RoleOptions,
  logger: Logger,
): Promise<void> {
  const [{ schema, isOwner, isOpen }] =
    await database.query<[{ schema: string; isOwner: boolean; isOpen: boolean }]>(OWN_SCHEMA);
  const close = `REVOKE CREATE ON SCHEMA ${schema} FROM PUBLIC`;
  if (isOpen && !isOwner)
    logger.warn({ statement: close }, 'everybody may create objects in the schema: run this');
  const rights = Object.entries({ ...roles, readonly: readonlyOf(roles) });
  const existing = await existingRoles(
    database,
    rights.map(([kind]) => `${prefix}_${kind}`),
  );
  const granted = rights
    .map(([kind, own]) => ({ role: `${prefix}_${kind}`, own }))
    .filter(({ role }) => existing.includes(role));
  const grants = granted.flatMap(({ role, own }) => [
    `GRANT USAGE ON SCHEMA ${schema} TO ${quoted(role)}`,
    ...grantsOf({ migrations: ['SELECT'], ...own }, role),
  ]);
  const statements = [...(isOpen && isOwner ? [close] : []), ...grants];
  // Several statements without parameters are one transaction.
  if (statements.length > 0) await database.query(statements.join(';\n'));
  const missing = rights.map(([kind]) => `${prefix}_${kind}`).filter((role) => !existing.includes(role));
  logger.info({ roles: existing, ...(missing.length > 0 && { missing }) }, 'roles have their rights');
}

function readonlyOf(roles: RoleRights): Rights {
  const readable = Object.values(roles as unknown as Record<string, Rights>)
    .flatMap((rights) => Object.entries(rights))
    .filter(([, privileges]) => privileges.includes('SELECT'));
  return Object.fromEntries(readable.map(([name]) => [name, ['SELECT']]));
}

async function existingRoles(database: Database, names: readonly string[]): Promise<string[]> {
  const sql = 'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY ($1) ORDER BY rolname';
  return (await database.query<{ name: string }[]>(sql, [names])).map(({ name }) => name);
}
