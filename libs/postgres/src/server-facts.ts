import type { Queryable } from './queryable.js';
import { type MissingRights, missingRights, type Rights } from './rights.js';

/** What a connection tells of its server, its database and its role. */
export interface ServerFacts extends MissingRights {
  /** As `18.4`. */
  readonly version: string;
  /** As 180004. */
  readonly versionNumber: number;
  readonly encoding: string;
  readonly database: string;
  readonly role: string;
  /** Settings that are off, without which Postgres may lose data that it has acknowledged. */
  readonly off: string[];
  /** Commits do not wait for the standbys that the server has been told to wait for. */
  readonly skipsStandbys: boolean;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  /** The names of the migrations that were run, oldest first; undefined = the role sees no table of them, or may not read it. */
  readonly migrations: readonly string[] | undefined;
}

const FACTS = `
  SELECT current_setting('server_version') AS version,
    current_setting('server_version_num')::int AS "versionNumber",
    current_setting('server_encoding') AS encoding,
    current_database()::text AS database,
    current_user::text AS role,
    ARRAY(SELECT name FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit']) AS name
      WHERE current_setting(name) = 'off') AS off,
    current_setting('synchronous_commit') = 'local' AND current_setting('synchronous_standby_names') <> ''
      AS "skipsStandbys",
    pg_is_in_recovery() AS "isStandby",
    current_setting('transaction_read_only')::bool AS "isReadOnly",
    coalesce(has_table_privilege(to_regclass('migrations'), 'SELECT'), false) AS "showsMigrations"`;

/** Asks in three statements: a role that may not read the migrations learns what else it lacks. */
export async function readServerFacts(db: Queryable, rights: Rights): Promise<ServerFacts> {
  type Row = Omit<ServerFacts, keyof MissingRights | 'migrations'> & { showsMigrations: boolean };
  const [row] = await db.query<[Row]>(FACTS);
  const { showsMigrations, ...facts } = row;
  const migrations = showsMigrations
    ? (await db.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id')).map(({ name }) => name)
    : undefined;
  return { ...facts, migrations, ...(await missingRights(db, rights, facts.role)) };
}
