import { observe } from '@orders/instrumentation';
import { Backoff, sleep } from '@orders/resilience';
import type { Service } from '@orders/service';
import type { Logger } from 'pino';
import { METRICS } from './metric-definitions.js';
import type { Queryable } from './queryable.js';
import type { Rights } from './rights.js';
import { assertFit, checkServer, type Expected, type Finding, UnfitServer } from './server-check.js';

/** The part of TypeORM's `DataSource` that is used here. */
interface Database {
  readonly isInitialized: boolean;
  readonly migrations: readonly { readonly name?: string }[];
  initialize(): Promise<unknown>;
  query<Rows>(sql: string, parameters?: unknown[]): Promise<Rows>;
  createQueryRunner(): Queryable & { release(): Promise<void> };
  destroy(): Promise<void>;
}

export interface DatabaseExpectations {
  /** Default `required`. */
  durability?: Expected['durability'];
  /** What the role must be allowed to do. */
  rights: Rights;
  /** The name of the readiness check. Default `postgres`; another one for a second database. */
  check?: string;
}

/**
 * Connects and checks the server by {@link checkServer}. Waits until the database can be used: until it can be reached,
 * takes writes, has the migrations of `database` and gives the role its rights.
 *
 * Meanwhile, and whenever it cannot be used later, `/readyz` fails with the reason; each change of that is logged, and
 * `migrations_failed` tells whether migrations are missing. The database is closed when the service stops.
 *
 * @returns resolves once the database can be used; never settles when the service stops before
 * @throws {UnfitServer} when its version, its encoding or its durability is not what the app needs
 */
export async function openDatabase(
  database: Database,
  service: Pick<Service, 'addReadinessCheck' | 'logger' | 'markWaiting' | 'onStop'>,
  expectations: DatabaseExpectations,
): Promise<void> {
  const usable = new Usability(database, expectations, service.logger);
  const stopped = new AbortController();
  service.onStop('intake', 'database', () => Promise.resolve(stopped.abort()));
  service.onStop('connections', 'postgres', async () => {
    if (database.isInitialized) await database.destroy();
  });
  const { check = 'postgres' } = expectations;
  service.addReadinessCheck(check, () => usable.assert());
  observe([METRICS.migrationsFailed], (set) =>
    set(METRICS.migrationsFailed, usable.lacksMigrations ? 1 : 0, { check }),
  );
  const backoff = new Backoff({ baseMs: 200, maxMs: 2_000 });
  while (!stopped.signal.aborted) {
    if (await usable.open()) return;
    service.markWaiting();
    await sleep(backoff.next(), stopped.signal);
  }
  return new Promise(() => undefined);
}

/**
 * Connects, checks the server by {@link assertFit}, runs `work` and closes the database.
 *
 * @throws {UnfitServer} when the database cannot be used; what connecting or `work` throws
 */
export async function withDatabase<T>(
  database: Database,
  expectations: DatabaseExpectations,
  work: () => Promise<T>,
): Promise<T> {
  await database.initialize();
  try {
    await assertFit(database, expectedOf(database, expectations));
    return await work();
  } finally {
    await database.destroy();
  }
}

/** Known once the database is initialized. */
function expectedOf(
  { migrations }: Database,
  { durability = 'required', rights }: DatabaseExpectations,
): Expected {
  return {
    durability,
    rights,
    migrations: migrations.map(({ name, constructor }) => name ?? constructor.name),
  };
}

/** Whether a database can be used, and why not. Logs each change. */
class Usability {
  private reason: string | undefined = 'not connected yet';
  private noticed = '';
  private isOpen = false;
  private missesMigrations = false;

  constructor(
    private readonly database: Database,
    private readonly expectations: DatabaseExpectations,
    private readonly logger: Logger,
  ) {}

  /** Whether the last check found that migrations are missing. */
  get lacksMigrations(): boolean {
    return this.missesMigrations;
  }

  /**
   * Connects and checks. Closes what cannot be used: another try then has a session with the settings of its time, on the
   * server that the name stands for at its time.
   *
   * @returns whether the database can be used
   * @throws {UnfitServer} when waiting would not help
   */
  async open(): Promise<boolean> {
    try {
      await this.database.initialize();
      const findings = await this.check();
      if (findings.some(({ kind }) => kind === 'unfit')) throw new UnfitServer(findings);
      this.tell(findings);
    } catch (error) {
      if (error instanceof UnfitServer) throw error;
      this.change(reasonOf(error));
    }
    this.isOpen = this.reason === undefined;
    if (!this.isOpen && this.database.isInitialized) await this.database.destroy();
    return this.isOpen;
  }

  /** @throws an error with the reason, when the database cannot be used now */
  async assert(): Promise<void> {
    if (this.isOpen) {
      await this.check().then(
        (findings) => this.tell(findings),
        (error: unknown) => this.change(reasonOf(error)),
      );
    }
    if (this.reason !== undefined) throw new Error(this.reason);
  }

  /** On one connection: a busy app waits for one only once. */
  private async check(): Promise<Finding[]> {
    const connection = this.database.createQueryRunner();
    try {
      return await checkServer(connection, expectedOf(this.database, this.expectations));
    } finally {
      await connection.release();
    }
  }

  private tell(findings: readonly Finding[]): void {
    this.missesMigrations = findings.some(({ isMigration }) => isMigration);
    const linesOf = (harmless: boolean) =>
      findings.filter(({ kind }) => (kind === 'notice') === harmless).map(({ line }) => line);
    this.notice(linesOf(true).join('; '));
    this.change(linesOf(false).join('; ') || undefined);
  }

  private change(reason: string | undefined): void {
    if (reason === this.reason) return;
    if (reason === undefined) this.logger.info('the database can be used');
    else this.logger.warn({ reason }, 'the database cannot be used');
    this.reason = reason;
  }

  private notice(line: string): void {
    if (line !== '' && line !== this.noticed) this.logger.info(line);
    this.noticed = line;
  }
}

/** A host with several addresses fails with an error of each, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
