import { CliError } from '@orders/service';
import type { Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';

/** Key of the advisory lock that lets one process migrate a database at a time; any fixed number below 2^32. */
const KEY = 7_263_514;

const HOLDER = `
  SELECT pid, application_name AS "applicationName", backend_start AS "connectedAt"
  FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND (classid, objid, objsubid) = (0, ${KEY}, 1)
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

interface Holder {
  readonly pid: number;
  readonly applicationName: string;
  readonly connectedAt: Date;
}

interface Database {
  query(sql: string): Promise<unknown>;
}

export interface LockWait {
  /** Longest wait for the lock, in ms. Default 4 minutes, below the deadline of the Job in the charts. */
  readonly limitMs?: number;
  /** Between two attempts, in ms. Default 500. */
  readonly pauseMs?: number;
}

/**
 * Runs `work` while this session holds the migration lock of its database. Tries again and again instead of waiting in
 * Postgres: a statement that waits has a snapshot, and CREATE INDEX CONCURRENTLY would wait for that.
 *
 * @param database has one connection
 * @throws {CliError} with the holder, when the lock is not free in time
 */
export async function withMigrationLock<T>(
  database: Database,
  { logger, limitMs = 4 * 60_000, pauseMs = 500 }: LockWait & { readonly logger: Logger },
  work: () => Promise<T>,
): Promise<T> {
  const until = performance.now() + limitMs;
  for (let waited = 0; !(await tryLock(database)); waited += 1) {
    const holder = await holderOf(database);
    if (performance.now() > until) throw lockHeld(holder, limitMs);
    if (waited % 20 === 0) logger.info({ holder }, 'another migration of this database runs: waiting for it');
    await delay(pauseMs);
  }
  try {
    return await work();
  } finally {
    // When the connection is gone, so is the lock.
    await database.query(`SELECT pg_advisory_unlock(${KEY})`).catch(() => undefined);
  }
}

async function tryLock(database: Database): Promise<boolean> {
  const [row] = (await database.query(`SELECT pg_try_advisory_lock(${KEY}) AS locked`)) as {
    locked: boolean;
  }[];
  return row?.locked === true;
}

async function holderOf(database: Database): Promise<Holder | undefined> {
  const [holder] = (await database.query(HOLDER)) as Holder[];
  return holder;
}

function lockHeld(holder: Holder | undefined, limitMs: number): CliError {
  const who = holder
    ? `session ${holder.pid} (${holder.applicationName}, since ${holder.connectedAt.toISOString()}). ` +
      `If that migration no longer runs: SELECT pg_terminate_backend(${holder.pid})`
    : 'a session that has just ended: try again';
  return new CliError(`The migration lock was not free within ${limitMs / 1_000} s, held by ${who}`);
}
