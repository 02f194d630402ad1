import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { effectTable } from '@orders/dev/stack/event-flow';
import { until } from '@orders/dev/stack/until';
import { STORE } from '../store.ts';
import { admin, rollbackOf, runAsAdmin } from './admin.ts';
import type { Fault } from './fault.ts';

/** Faults of the tables of the apps. */
export function tableFaults(apps: readonly AppDeclaration[]): Fault[] {
  const tables = tablesOf(apps);
  return [tableLocked(tables), tableMissing(tables), schemaChanged(tables)];
}

/** The tables used under load, with their database: `fulfillment.shipments`. */
function tablesOf(apps: readonly AppDeclaration[]): string[] {
  return apps.flatMap(({ name, publishes, consumes, effect }) =>
    [
      ...(name === STORE ? ['orders'] : []),
      ...(publishes.length > 0 ? ['outbox', 'outbox_cursor'] : []),
      ...(effect === undefined ? [] : [effectTable(effect)]),
      ...(consumes.length > 0 ? ['inbox'] : []),
    ].map((table) => `${name}.${table}`),
  );
}

function tableLocked(tables: readonly string[]): Fault {
  return {
    name: 'table locked',
    targets: tables,
    durationMs: [500, 8_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const [database, table] = target.split('.');
      const client = await admin(sut, database);
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = '5s'; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`,
      );
      return rollbackOf(client);
    },
  };
}

/** What a wrong migration or a missing right does: every statement on the table fails at once. */
function tableMissing(tables: readonly string[]): Fault {
  return {
    name: 'table missing',
    targets: tables,
    durationMs: [500, 5_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const [database, table] = target.split('.');
      const rename = (from: string, to: string): Promise<void> =>
        runAsAdmin(sut, database, `ALTER TABLE IF EXISTS ${from} RENAME TO ${to}`);
      await rename(`${table}`, `${table}_missing`);
      const isBack = (): Promise<boolean> =>
        rename(`${table}_missing`, `${table}`).then(
          () => true,
          () => false, // another fault has hit the server
        );
      return async () =>
        void (await until(isBack, { timeoutMs: 30_000, everyMs: 200, what: `${target} under its name` }));
    },
  };
}

/** What a release does to a schema while the one before it still runs: a column, and an index that is built beside the load. */
function schemaChanged(tables: readonly string[]): Fault {
  return {
    name: 'schema changed',
    targets: tables.filter((table) => !table.includes('outbox')),
    durationMs: [500, 2_000],
    unnoticed: true,
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const [database, table] = target.split('.');
      const change = (...statements: string[]): Promise<void> =>
        runAsAdmin(sut, database, "SET lock_timeout = '1s'", ...statements);
      await change(
        `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS added_by_proof text NOT NULL DEFAULT ''`,
        `CREATE INDEX CONCURRENTLY IF NOT EXISTS added_by_proof_idx ON ${table} (added_by_proof)`,
      );
      return () =>
        change(
          'DROP INDEX CONCURRENTLY IF EXISTS added_by_proof_idx',
          `ALTER TABLE ${table} DROP COLUMN IF EXISTS added_by_proof`,
        );
    },
  };
}
