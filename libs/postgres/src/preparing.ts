import type { Queryable } from './queryable.js';

/** A connection of pg. */
interface Connection {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown }>;
}

const names = new Map<string, string>();

/**
 * Runs statements on a connection that parses each once and soon keeps one plan for all calls. That takes statements
 * whose text never changes, and that read a table by its unique keys alone: a plan made while it was empty is kept until
 * the next ANALYZE, however much it grows.
 */
export function preparing(connection: Connection): Queryable {
  return {
    query: async <Rows>(text: string, values: unknown[] = []) =>
      (await connection.query({ name: nameOf(text), text, values })).rows as Rows,
  };
}

function nameOf(text: string): string {
  const name = names.get(text) ?? `prepared-${names.size + 1}`;
  names.set(text, name);
  return name;
}
