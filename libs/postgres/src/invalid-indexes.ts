interface Database {
  query(sql: string): Promise<unknown>;
}

/** Those that are being built are invalid too. */
const INVALID = `
  SELECT indexrelid::regclass::text AS name FROM pg_index
  WHERE NOT indisvalid AND indexrelid NOT IN (SELECT index_relid FROM pg_stat_progress_create_index)
  ORDER BY name`;

/**
 * The statements that remove the invalid indexes of a database. CREATE INDEX CONCURRENTLY leaves one behind when it fails:
 * it costs every write, helps no query, and its name is taken.
 */
export async function repairsOfInvalidIndexes(database: Database): Promise<string[]> {
  const rows = (await database.query(INVALID)) as { name: string }[];
  return rows.map(({ name }) => `DROP INDEX CONCURRENTLY ${name};`);
}
