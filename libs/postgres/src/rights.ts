import type { Queryable } from './queryable.js';

/** A privilege of SQL. UPDATE may be for some columns: `UPDATE (status, version)`. */
type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | `UPDATE (${string})` | 'DELETE' | 'USAGE' | 'EXECUTE';

/**
 * What a role must be allowed to do, by the name of a table, of a sequence (USAGE), or of a function with the types of its
 * parameters (EXECUTE). The role also needs USAGE on the schema.
 */
export type Rights = Readonly<Record<string, readonly Privilege[]>>;

/** The rights that a role does not have. */
export interface MissingRights {
  /** The tables, sequences and functions that the role does not see. */
  readonly unseen: string[];
  /** The statements that give it what it lacks of those that it sees. */
  readonly grants: string[];
}

/** A right to some columns counts, unless it is one to named columns: only a statement shows whether they suffice. */
const MISSING = `
  SELECT name, privilege, object IS NOT NULL AS "isSeen"
  FROM unnest($1::text[], $2::text[], $3::text[]) AS needed (name, privilege, "column"),
    LATERAL (SELECT CASE privilege
      WHEN 'EXECUTE' THEN to_regprocedure(name)::oid ELSE to_regclass(name)::oid END) AS found (object)
  WHERE object IS NULL OR NOT CASE privilege
    WHEN 'EXECUTE' THEN has_function_privilege(object, privilege)
    WHEN 'USAGE' THEN has_sequence_privilege(object, privilege)
    WHEN 'DELETE' THEN has_table_privilege(object, privilege)
    ELSE CASE WHEN "column" IS NULL THEN has_any_column_privilege(object, split_part(privilege, ' ', 1))
      ELSE has_column_privilege(object,
        (SELECT attnum FROM pg_attribute WHERE attrelid = object AND attname = "column"), 'UPDATE') END END`;

interface Right {
  readonly name: string;
  readonly privilege: Privilege;
}

/** Finds what the role of the connection lacks of these rights. */
export async function missingRights(db: Queryable, rights: Rights, role: string): Promise<MissingRights> {
  const needed = eachOf(rights).flatMap(({ name, privilege }) =>
    columnsOf(privilege).map((column) => ({ name, privilege, column })),
  );
  const parameters = (['name', 'privilege', 'column'] as const).map((key) =>
    needed.map((right) => right[key]),
  );
  const missing = await db.query<(Right & { isSeen: boolean })[]>(MISSING, parameters);
  const { seen = [], unseen = [] } = Object.groupBy(missing, ({ isSeen }) => (isSeen ? 'seen' : 'unseen'));
  return {
    unseen: [...new Set(unseen.map(({ name }) => name))],
    grants: [...new Set(seen.map((right) => grant(right, role)))],
  };
}

/** The statements that give a role these rights. */
export function grantsOf(rights: Rights, role: string): string[] {
  return eachOf(rights).map((right) => grant(right, role));
}

/** What may be done by a role with all of these rights. */
export function bothRights(one: Rights, other: Rights): Rights {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name) => [name, [...new Set([...(one[name] ?? []), ...(other[name] ?? [])])]]),
  );
}

/** A role as part of a statement, whatever its name. */
export function quoted(role: string): string {
  return `"${role.replaceAll('"', '""')}"`;
}

function grant({ name, privilege }: Right, role: string): string {
  const kinds: Partial<Record<Privilege, string>> = { USAGE: 'SEQUENCE ', EXECUTE: 'FUNCTION ' };
  return `GRANT ${privilege} ON ${kinds[privilege] ?? ''}${name} TO ${quoted(role)}`;
}

function eachOf(rights: Rights): Right[] {
  return Object.entries(rights).flatMap(([name, privileges]) =>
    privileges.map((privilege) => ({ name, privilege })),
  );
}

/** The columns that a privilege names; null = it names none. */
function columnsOf(privilege: Privilege): (string | null)[] {
  const [, columns] = /\((.*)\)/.exec(privilege) ?? [];
  return columns === undefined ? [null] : columns.split(',').map((column) => column.trim());
}
