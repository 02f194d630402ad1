import { APPS } from '@orders/dev/stack/declarations';
import { rowsOf } from './database.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** A table or an index, all of its partitions together. */
export interface Size {
  database: string;
  name: string;
  kind: 'table' | 'index';
  bytes: number;
}

/** The least of what is listed, in bytes. */
const LISTED = 2 ** 20;

const SIZES = `
  SELECT coalesce(whole.relname, part.relname) AS name,
         CASE part.relkind WHEN 'i' THEN 'index' ELSE 'table' END AS kind,
         sum(CASE part.relkind WHEN 'i' THEN pg_relation_size(part.oid) ELSE pg_table_size(part.oid) END)::float8 AS bytes
  FROM pg_class AS part
  LEFT JOIN pg_inherits ON inhrelid = part.oid
  LEFT JOIN pg_class AS whole ON whole.oid = inhparent
  WHERE part.relkind IN ('r', 'i') AND part.relnamespace = 'public'::regnamespace
  GROUP BY 1, 2
  ORDER BY 1`;

/** The tables and indexes of every app that have at least 1 MiB. Tables include what is stored out of line. */
export async function sizesOf(sut: SystemUnderLoad): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const { name: database } of APPS.filter(({ database }) => database)) {
    const rows = await rowsOf<Omit<Size, 'database'>>(sut.databaseUrl(database), SIZES);
    sizes.push(...rows.filter(({ bytes }) => bytes >= LISTED).map((row) => ({ database, ...row })));
  }
  return sizes;
}
