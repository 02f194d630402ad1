import pg from 'pg';

/** Runs one statement on a connection of its own and returns the rows. */
export async function rowsOf<Row>(url: string, sql: string, parameters: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  try {
    return (await client.query<object>(sql, parameters)).rows as Row[];
  } finally {
    await client.end();
  }
}
