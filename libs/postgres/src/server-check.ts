import { CliError } from '@orders/service';
import type { Queryable } from './queryable.js';
import type { Rights } from './rights.js';
import { readServerFacts, type ServerFacts } from './server-facts.js';

/** The oldest Postgres that the tests run on. */
const OLDEST_VERSION = 15;

/** What a process expects of its database. */
export interface Expected {
  readonly durability: 'required' | 'unchecked';
  /** The names of the migrations that the build has; undefined = it needs none, as it runs them. */
  readonly migrations: readonly string[] | undefined;
  /** What the role must be allowed to do. */
  readonly rights: Rights;
}

/** What is wrong with a database, in one line that tells what to change. */
export interface Finding {
  readonly line: string;
  /**
   * - `unfit`: the server must be changed, or another one be used. A process that starts ends.
   * - `unready`: may be mended while the process waits, as by migrations or a GRANT.
   * - `notice`: does no harm.
   */
  readonly kind: 'unfit' | 'unready' | 'notice';
  /** Migrations are missing. */
  readonly isMigration?: boolean;
}

/** @returns the line; undefined when all is well */
type Rule = (facts: ServerFacts, expected: Expected) => string | undefined;

/** In the order in which they are told. */
const RULES: readonly (readonly [Finding['kind'], Rule])[] = [
  ['unfit', oldVersion],
  ['unfit', otherEncoding],
  ['unfit', unsafeSettings],
  ['unfit', skippedStandbys],
  ['unready', readOnly],
  ['unready', missingMigrations],
  ['unready', unseenObjects],
  ['unready', deniedRights],
  ['notice', newerMigrations],
];

/** Checks a database, and returns what is wrong with it: of an unfit one only that. Throws what the database throws. */
export async function checkServer(db: Queryable, expected: Expected): Promise<Finding[]> {
  // Without its rights a role could not tell whether migrations were run.
  const own: Rights = expected.migrations ? { migrations: ['SELECT'] } : {};
  const facts = await readServerFacts(db, { ...expected.rights, ...own });
  const findings = RULES.flatMap(([kind, rule]) => {
    const line = rule(facts, expected);
    if (line === undefined) return [];
    return [rule === missingMigrations ? { kind, line, isMigration: true } : { kind, line }];
  });
  const unfit = findings.filter(({ kind }) => kind === 'unfit');
  return unfit.length > 0 ? unfit : findings;
}

/** The server is not what a process expects. The message has a line for each finding. */
export class UnfitServer extends CliError {
  constructor(findings: readonly Finding[]) {
    super(findings.map(({ line }) => line).join('\n'));
  }
}

/** @throws {UnfitServer} when something is wrong that does harm */
export async function assertFit(db: Queryable, expected: Expected): Promise<void> {
  const findings = (await checkServer(db, expected)).filter(({ kind }) => kind !== 'notice');
  if (findings.length > 0) throw new UnfitServer(findings);
}

function oldVersion({ version, versionNumber }: ServerFacts): string | undefined {
  if (versionNumber >= OLDEST_VERSION * 10_000) return undefined;
  return `Postgres ${version} is too old: use ${OLDEST_VERSION} or newer`;
}

/** Ids, texts and JSON of all languages must be stored unchanged. */
function otherEncoding({ encoding, database }: ServerFacts): string | undefined {
  if (encoding === 'UTF8') return undefined;
  return `The encoding of database "${database}" is ${encoding}: create one with ENCODING 'UTF8' TEMPLATE template0`;
}

function unsafeSettings({ off }: ServerFacts, { durability }: Expected): string | undefined {
  if (durability === 'unchecked' || off.length === 0) return undefined;
  return `Postgres may lose acknowledged data, because these are off: ${off.join(', ')}. Turn them on; POSTGRES_DURABILITY=unchecked accepts that`;
}

function skippedStandbys({ skipsStandbys }: ServerFacts, { durability }: Expected): string | undefined {
  if (durability === 'unchecked' || !skipsStandbys) return undefined;
  return 'Commits do not wait for the standbys of synchronous_standby_names, because synchronous_commit is local: set it to on; POSTGRES_DURABILITY=unchecked accepts that';
}

function readOnly({ isStandby, isReadOnly }: ServerFacts): string | undefined {
  if (isStandby) return 'The server is a standby, which only reads: DATABASE_URL must name the primary';
  if (!isReadOnly) return undefined;
  return 'The server lets this role only read: set default_transaction_read_only to off, or correct DATABASE_URL';
}

const HOW_TO_MIGRATE = 'run the migrations of this version (dist/migrate.js), or correct DATABASE_URL';

function missingMigrations(facts: ServerFacts, expected: Expected): string | undefined {
  const { database, unseen } = facts;
  if (unseen.includes('migrations'))
    return `Role "${facts.role}" sees no migrations in database "${database}": ${HOW_TO_MIGRATE}, or grant it USAGE on the schema`;
  const missing = notIn(facts.migrations, expected.migrations);
  if (missing.length === 0) return undefined;
  return `Database "${database}" lacks the migrations ${missing.join(', ')}: ${HOW_TO_MIGRATE}`;
}

function unseenObjects(facts: ServerFacts, expected: Expected): string | undefined {
  // What migrations make is not there before they have run.
  if (facts.unseen.length === 0 || missingMigrations(facts, expected)) return undefined;
  return `Database "${facts.database}" has no ${facts.unseen.join(', ')}, although its migrations were run: restore what was dropped`;
}

function deniedRights({ role, grants }: ServerFacts): string | undefined {
  return grants.length === 0 ? undefined : `Role "${role}" lacks rights: ${grants.join('; ')}`;
}

/** Another version of the app has run them, in a rolling upgrade or before a rollback. */
function newerMigrations(facts: ServerFacts, expected: Expected): string | undefined {
  const newer = expected.migrations ? notIn(expected.migrations, facts.migrations) : [];
  if (newer.length === 0) return undefined;
  return `Database "${facts.database}" has migrations of a newer version: ${newer.join(', ')}`;
}

/** Of the names in `those`, the ones that `some` lacks. Undefined = not known, and lacks none. */
function notIn(some: readonly string[] | undefined, those: readonly string[] | undefined): string[] {
  return some && those ? those.filter((name) => !some.includes(name)) : [];
}
