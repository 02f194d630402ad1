import type { Queryable } from '../queryable.js';

export interface Statement {
  sql: string;
  parameters?: unknown[] | undefined;
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** A Queryable that adds each statement to `statements` before it runs it. */
export function recordingStatements(db: Queryable, statements: Statement[]): Queryable {
  return {
    query: (sql, parameters) => {
      statements.push({ sql, parameters });
      return db.query(sql, parameters);
    },
  };
}

/**
 * The sequential scans that Postgres plans for the statements, each as `table: statement`. Tables must be analyzed and
 * large enough that a sequential scan is never the cheapest plan. Tables with fewer than 1,000 rows are left out.
 */
export async function sequentialScans(db: Queryable, statements: readonly Statement[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { sql, parameters } of statements) {
    if (!/^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i.test(sql)) continue;
    const [row] = await db.query<{ 'QUERY PLAN': { Plan: Plan }[] }[]>(
      `EXPLAIN (FORMAT JSON) ${sql}`,
      parameters,
    );
    for (const table of scanned(row!['QUERY PLAN'][0]!.Plan))
      if (await holdsRows(db, table)) found.add(`${table}: ${sql.replaceAll(/\s+/g, ' ').trim()}`);
  }
  return [...found];
}

function scanned(plan: Plan): string[] {
  const own = plan['Node Type'].includes('Seq Scan') && plan['Relation Name'] ? [plan['Relation Name']] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scanned)];
}

async function holdsRows(db: Queryable, table: string): Promise<boolean> {
  const sql = `SELECT reltuples >= 1000 AS yes FROM pg_class WHERE oid = to_regclass($1)`;
  const [row] = await db.query<{ yes: boolean }[]>(sql, [table]);
  return row?.yes === true;
}
