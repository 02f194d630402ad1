import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDatabases, withDatabase } from '@orders/dev/stack/databases';
import { of } from '@orders/dev/stack/wiring';
import { rowsOf } from '../database.ts';
import type { SystemUnderLoad } from '../system-under-load.ts';
import { runPgbench } from './pgbench.ts';

export interface Calibration {
  /** Orders stored, orders read or pages read. */
  perSecond: number;
  /** Processor time of Postgres per 1,000 of them, in seconds. */
  postgresCpu: number;
}

export interface CalibrationOptions {
  pgbench: string;
  seconds: number;
  signal: AbortSignal;
  /** Simple is pgbench's default: each statement is parsed and planned each time. */
  protocol?: Protocol;
}

export const PROTOCOLS = ['simple', 'prepared'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

const DATABASE = 'calibration';
const CLIENTS = 16;
const FOLDER = import.meta.dirname;

/** The scripts of pgbench, each with its number of orders (or reads, or pages) in a transaction. */
const SCRIPTS = { 'one-by-one': 1, fifty: 50, read: 1, page: 1 } as const;
export type Script = keyof typeof SCRIPTS;

/** Creates the calibration's database and tables on the server of the system. */
export async function prepareCalibration(sut: SystemUnderLoad): Promise<void> {
  await ensureDatabases(sut.databaseUrl('postgres'), [DATABASE]);
  await rowsOf(sut.databaseUrl(DATABASE), readFileSync(join(FOLDER, 'schema.sql'), 'utf8'));
}

/**
 * Measures what it costs to store or to read the orders alone: pgbench with 16 clients, one round trip a statement. It runs on the same server in the same run, so costs divided by it can be compared between machines.
 */
export async function calibrate(
  sut: SystemUnderLoad,
  script: Script,
  { pgbench, seconds, signal, protocol = 'simple' }: CalibrationOptions,
): Promise<Calibration> {
  const url = new URL(withDatabase(sut.databaseUrl('postgres'), DATABASE));
  const env = {
    PGHOST: url.hostname,
    PGPORT: url.port,
    PGUSER: url.username,
    PGPASSWORD: url.password,
    PGDATABASE: DATABASE,
    ...tlsVariables(url),
  };
  const file = join(FOLDER, `${script}.sql`);
  const args = ['-n', '-c', String(CLIENTS), '-j', '1', '-T', String(seconds), '-M', protocol, '-f', file];
  const used = (): number => of(sut.cpu(['postgres']), 'postgres');
  const before = used();
  const printed = await runPgbench(pgbench, args, { env, signal });
  await delay(500); // lets its sessions end
  const done = numberIn(printed, /actually processed: (\d+)/) * SCRIPTS[script];
  return {
    perSecond: numberIn(printed, /tps = ([\d.]+) \(without/) * SCRIPTS[script],
    postgresCpu: ((used() - before) / done) * 1_000,
  };
}

/** As the URL has them; none without TLS. */
function tlsVariables({ searchParams }: URL): Record<string, string> {
  const variables = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'].flatMap((name) => {
    const value = searchParams.get(name);
    return value === null ? [] : [[`PG${name.toUpperCase()}`, value]];
  });
  return Object.fromEntries(variables) as Record<string, string>;
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pgbench printed no ${pattern.source}:\n${text}`);
  return Number(found);
}
