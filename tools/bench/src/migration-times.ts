import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureDatabases } from '@orders/dev/stack/databases';
import { ROOT } from '@orders/dev/stack/paths';
import pg from 'pg';
import { rolldown } from 'rolldown';
import type { Bench } from './bench.ts';
import { rowsOf } from './database.ts';
import { STORE } from './effects.ts';
import { secondsOf, storeOrders } from './loader.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** How long one migration took. */
export interface MigrationTime {
  name: string;
  seconds: number;
}

/** What the migrations use of TypeORM. */
interface Migration {
  name: string;
  /** Default: true. */
  transaction?: boolean;
  up: (runner: { query: (sql: string, parameters?: unknown[]) => Promise<unknown> }) => Promise<void>;
}

const DATABASE = 'migrating';
const FOLDER = join(ROOT, `apps/${STORE}/src/migrations`);

/**
 * Times each migration of the orders' database on a database that already has this many orders and events, all stored after
 * the first migration.
 */
export async function timeMigrations(
  bench: Bench,
  sut: SystemUnderLoad,
  orders: number,
): Promise<MigrationTime[]> {
  const [first, ...others] = await readMigrations(join(sut.dataDir, 'migrations'));
  await ensureDatabases(sut.databaseUrl('postgres'), [DATABASE]);
  const url = sut.databaseUrl(DATABASE);
  await migrate(url, first!);
  await storeOrders(bench, url, orders);
  await rowsOf(url, 'VACUUM ANALYZE');
  const times: MigrationTime[] = [];
  for (const migration of others)
    times.push({ name: migration.name, seconds: await secondsOf(() => migrate(url, migration)) });
  await rowsOf(sut.databaseUrl('postgres'), `DROP DATABASE ${DATABASE}`);
  return times;
}

/** Compiles the migrations, which are TypeScript that Node alone does not run. */
async function readMigrations(folder: string): Promise<Migration[]> {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(FOLDER).filter((file) => /^\d{4}-.*\.ts$/.test(file));
  const input = Object.fromEntries(names.map((name) => [name.replace(/\.ts$/, ''), join(FOLDER, name)]));
  const bundle = await rolldown({ input, platform: 'node', external: ['typeorm'], logLevel: 'silent' });
  await bundle.write({ dir: folder, entryFileNames: '[name].mjs' });
  await bundle.close();
  const modules = names.sort().map((name) => join(folder, name.replace(/\.ts$/, '.mjs')));
  return Promise.all(modules.map(migrationIn));
}

async function migrationIn(file: string): Promise<Migration> {
  const exported = Object.values(
    (await import(pathToFileURL(file).href)) as Record<string, new () => Migration>,
  );
  return new exported[0]!();
}

/** As TypeORM runs it. */
async function migrate(url: string, migration: Migration): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  try {
    const isOne = migration.transaction !== false;
    if (isOne) await client.query('BEGIN');
    await migration.up({ query: (sql, parameters) => client.query(sql, parameters) });
    if (isOne) await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
