import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { AppDeclaration } from '@orders/dev/stack/declarations';
import { consumersOf } from '@orders/dev/stack/event-flow';
import { STORE } from '../store.ts';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { admin, rollbackOf, runAsAdmin } from './admin.ts';
import { nothing, type Fault } from './fault.ts';

/** Faults of databases and their sessions. */
export function databaseFaults(apps: readonly AppDeclaration[]): Fault[] {
  const databases = apps.filter(({ database }) => database).map(({ name }) => name);
  return [
    harass(databases, { name: 'backends terminated', how: 'pg_terminate_backend' }),
    harass(databases, { name: 'queries cancelled', how: 'pg_cancel_backend' }),
    deadlocks(lockOrdersOf(apps)),
    serializationFailures,
    transactionLeftOpen(databases),
    connectionsExhausted,
  ];
}

type LockOrder = readonly [first: string, second: string];

/** For each app two of its tables, in the opposite of the app's lock order. */
function lockOrdersOf(apps: readonly AppDeclaration[]): Map<string, LockOrder> {
  const orders = new Map<string, LockOrder>([[STORE, ['outbox', 'orders']]]);
  for (const { name, table } of consumersOf(apps))
    if (table !== undefined) orders.set(name, [table, 'inbox']);
  return orders;
}

/** Every 200 ms, terminates the app's sessions or cancels their queries. */
function harass(
  databases: readonly string[],
  { name, how }: { name: string; how: 'pg_terminate_backend' | 'pg_cancel_backend' },
): Fault {
  return {
    name,
    targets: databases,
    durationMs: [200, 1_500],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const client = await admin(sut, target);
      const hit = () =>
        client
          .query(
            `SELECT ${how}(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name <> 'prove' AND backend_type = 'client backend'`,
          )
          .catch(() => undefined);
      const end = repeat(hit, 200);
      return async () => {
        await end();
        await client.end();
      };
    },
  };
}

/** Sessions of the app and one of ours wait for each other. Theirs check for deadlocks first, so Postgres aborts them. */
function deadlocks(lockOrders: ReadonlyMap<string, LockOrder>): Fault {
  return {
    name: 'deadlocks',
    targets: [...lockOrders.keys()],
    durationMs: [1_000, 3_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const [first, second] = lockOrders.get(target)!;
      const restore = await withSetting(sut, 'deadlock_timeout', '200ms');
      const client = await admin(sut, target);
      const once = async (): Promise<void> => {
        await client.query(
          `BEGIN; SET LOCAL deadlock_timeout = '10s'; SET LOCAL lock_timeout = '2s';
           LOCK TABLE ${first} IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(0.1);
           LOCK TABLE ${second} IN SHARE ROW EXCLUSIVE MODE`,
        );
        await client.query('ROLLBACK');
      };
      const end = repeat(() => once().catch(() => client.query('ROLLBACK').catch(() => undefined)), 100);
      return async () => {
        await end();
        await client.end();
        await restore();
      };
    },
  };
}

/** Makes every transaction of the apps serializable for a while: then some of them fail. */
const serializationFailures: Fault = {
  name: 'serialization failures',
  targets: ['postgres'],
  durationMs: [500, 2_500],
  component: () => 'postgres',
  begin: (sut) => withSetting(sut, 'default_transaction_isolation', 'serializable'),
};

function transactionLeftOpen(databases: readonly string[]): Fault {
  return {
    name: 'transaction left open',
    targets: databases,
    durationMs: [500, 5_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const client = await admin(sut, target);
      await client.query('BEGIN; SELECT pg_current_xact_id()'); // holds the relay's horizon back
      return rollbackOf(client);
    },
  };
}

const connectionsExhausted: Fault = {
  name: 'connections exhausted',
  targets: [STORE],
  durationMs: [500, 3_000],
  component: () => 'postgres',
  begin: async (sut, { target }) => {
    const taken: Client[] = [];
    for (let full = false; !full && taken.length < 250;) {
      const batch = await Promise.allSettled(Array.from({ length: 20 }, () => admin(sut, target)));
      for (const result of batch) if (result.status === 'fulfilled') taken.push(result.value);
      full = batch.some(({ status }) => status === 'rejected');
    }
    if (taken.length === 0) return nothing;
    return async () => void (await Promise.all(taken.map((client) => client.end().catch(() => undefined))));
  },
};

/** Changes a setting of the whole server, also for open sessions. Returns a function that resets it. */
async function withSetting(sut: SystemUnderProof, name: string, value: string): Promise<() => Promise<void>> {
  const alter = (change: string): Promise<void> =>
    runAsAdmin(sut, undefined, `ALTER SYSTEM ${change}`, 'SELECT pg_reload_conf()');
  await alter(`SET ${name} = '${value}'`);
  return () => alter(`RESET ${name}`);
}

/** Repeats the work, with a pause in between, until the returned function is called. */
function repeat(work: () => Promise<unknown>, pauseMs: number): () => Promise<void> {
  const stop = new AbortController();
  const working = (async () => {
    while (!stop.signal.aborted) {
      await work();
      await delay(pauseMs);
    }
  })();
  return () => {
    stop.abort();
    return working;
  };
}
