/** What a role must not do in the database of an app, whatever its rights are. */
export interface Forbidden {
  /** A table of the app. */
  readonly table: string;
  /** A table to which the role has no right at all. */
  readonly foreignTable: string;
  /** Another role, of which it is no member. */
  readonly otherRole: string;
}

/** Statements that Postgres must answer with 42501 (insufficient_privilege) to every role of an app. */
export function forbiddenStatements({ table, foreignTable, otherRole }: Forbidden): string[] {
  return [
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
    `DROP TABLE ${table}`,
    `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
    `SELECT FROM ${foreignTable}`,
    `GRANT SELECT ON ${foreignTable} TO PUBLIC`,
    'CREATE TABLE intruder ()',
    'CREATE SCHEMA intruder',
    `CREATE FUNCTION intruder() RETURNS void LANGUAGE sql AS ''`,
    'CREATE ROLE intruder',
    `SET ROLE ${otherRole}`,
    `SET session_replication_role = 'replica'`,
    `ALTER SYSTEM SET fsync = 'off'`,
    `COPY (SELECT 1) TO PROGRAM 'true'`,
    `COPY (SELECT 1) TO '/tmp/intruder'`,
    `SELECT pg_read_file('/etc/passwd')`,
    `SELECT lo_import('/etc/passwd')`,
    'SELECT pg_reload_conf()',
    'DELETE FROM migrations',
  ];
}
