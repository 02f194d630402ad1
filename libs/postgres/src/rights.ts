import type { Queryable } from './queryable.js';

type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'USAGE' | 'EXECUTE';

/**
 * What the role of an app must be allowed to do, by the name of a table, of a sequence (USAGE), or of a function with the
 * types of its parameters (EXECUTE). The role also needs USAGE on the schema.
 */
export type Rights = Readonly<Record<string, readonly Privilege[]>>;

/** The rights that a role does not have. */
export interface MissingRights {
  /** The tables, sequences and functions that the role does not see. */
  readonly unseen: string[];
  /** The statements that give it what it lacks of those that it sees. */
  readonly grants: string[];
}

/** A right to some columns counts: only a statement shows whether they suffice. */
const MISSING = `
  SELECT name, privilege, object IS NOT NULL AS "isSeen"
  FROM unnest($1::text[], $2::text[]) AS needed (name, privilege),
    LATERAL (SELECT CASE privilege
      WHEN 'EXECUTE' THEN to_regprocedure(name)::oid ELSE to_regclass(name)::oid END) AS found (object)
  WHERE object IS NULL OR NOT CASE privilege
    WHEN 'EXECUTE' THEN has_function_privilege(object, privilege)
    WHEN 'USAGE' THEN has_sequence_privilege(object, privilege)
    WHEN 'DELETE' THEN has_table_privilege(object, privilege)
    ELSE has_any_column_privilege(object, privilege) END`;

interface Right {
  readonly name: string;
  readonly privilege: Privilege;
}

/** Finds what the role of the connection lacks of these rights. */
export async function missingRights(db: Queryable, rights: Rights, role: string): Promise<MissingRights> {
  const needed = eachOf(rights);
  const parameters = [needed.map(({ name }) => name), needed.map(({ privilege }) => privilege)];
  const missing = await db.query<(Right & { isSeen: boolean })[]>(MISSING, parameters);
  const { seen = [], unseen = [] } = Object.groupBy(missing, ({ isSeen }) => (isSeen ? 'seen' : 'unseen'));
  return {
    unseen: [...new Set(unseen.map(({ name }) => name))],
    grants: seen.map((right) => grant(right, role)),
  };
}

/** The statements that give a role these rights. */
export function grantsOf(rights: Rights, role: string): string[] {
  return eachOf(rights).map((right) => grant(right, role));
}

function grant({ name, privilege }: Right, role: string): string {
  const kinds: Partial<Record<Privilege, string>> = { USAGE: 'SEQUENCE ', EXECUTE: 'FUNCTION ' };
  return `GRANT ${privilege} ON ${kinds[privilege] ?? ''}${name} TO "${role.replaceAll('"', '""')}"`;
}

function eachOf(rights: Rights): Right[] {
  return Object.entries(rights).flatMap(([name, privileges]) =>
    privileges.map((privilege) => ({ name, privilege })),
  );
}
