import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { DatabaseName } from '@orders/dev/stack/topology';
import type { SystemUnderProof } from '../system-under-proof.ts';
import { nothing, type Fault } from './fault.ts';

const DATABASE_OF: Record<string, DatabaseName> = {
  orders: 'orders',
  outbox: 'orders',
  outbox_cursor: 'orders',
  shipments: 'fulfillment',
  inbox: 'fulfillment',
  fulfillment: 'fulfillment',
};

async function admin(sut: SystemUnderProof, target: string): Promise<Client> {
  const database = DATABASE_OF[target] ?? 'orders';
  const client = new Client({
    connectionString: sut.system.postgres.url(database),
    connectionTimeoutMillis: 5_000,
    application_name: 'prove',
  });
  client.on('error', () => undefined); // ended under us by another fault
  await client.connect();
  return client;
}

/** Every 200 ms, ends or cancels what the app has open. */
function harass(name: string, how: 'pg_terminate_backend' | 'pg_cancel_backend'): Fault {
  return {
    name,
    targets: ['orders', 'fulfillment'],
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

/** Tables that an app locks in the other order than the fault does. */
const LOCK_ORDER: Record<string, readonly [first: string, second: string]> = {
  orders: ['outbox', 'orders'],
  fulfillment: ['shipments', 'inbox'],
};

/** Sessions of the app and one of ours wait for each other; theirs look first, and are given up. */
const deadlocks: Fault = {
  name: 'deadlocks',
  targets: Object.keys(LOCK_ORDER),
  durationMs: [1_000, 3_000],
  component: () => 'postgres',
  begin: async (sut, { target }) => {
    const [first, second] = LOCK_ORDER[target]!;
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

/** Every transaction of the apps is serializable for a while, and then some of them fail. */
const serializationFailures: Fault = {
  name: 'serialization failures',
  targets: ['postgres'],
  durationMs: [500, 2_500],
  component: () => 'postgres',
  begin: (sut) => withSetting(sut, 'default_transaction_isolation', 'serializable'),
};

/** Changes a setting of the whole server, for sessions that are open too; returns what takes it back. */
async function withSetting(sut: SystemUnderProof, name: string, value: string): Promise<() => Promise<void>> {
  const alter = async (change: string): Promise<void> => {
    const client = await admin(sut, 'orders');
    await client.query(`ALTER SYSTEM ${change}`);
    await client.query('SELECT pg_reload_conf()');
    await client.end();
  };
  await alter(`SET ${name} = '${value}'`);
  return () => alter(`RESET ${name}`);
}

/** Does it again and again, with a pause in between, until the function returned is called. */
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

export const DATABASE_FAULTS: readonly Fault[] = [
  harass('backends terminated', 'pg_terminate_backend'),
  harass('queries cancelled', 'pg_cancel_backend'),
  deadlocks,
  serializationFailures,
  {
    name: 'table locked',
    targets: ['orders', 'outbox', 'outbox_cursor', 'shipments', 'inbox'],
    durationMs: [500, 8_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const client = await admin(sut, target);
      await client.query(
        `BEGIN; SET LOCAL lock_timeout = '5s'; LOCK TABLE ${target} IN ACCESS EXCLUSIVE MODE`,
      );
      return async () => {
        await client.query('ROLLBACK').catch(() => undefined);
        await client.end();
      };
    },
  },
  {
    name: 'transaction left open',
    targets: ['orders', 'fulfillment'],
    durationMs: [500, 5_000],
    component: () => 'postgres',
    begin: async (sut, { target }) => {
      const client = await admin(sut, target);
      await client.query('BEGIN; SELECT pg_current_xact_id()'); // holds the relay's horizon back
      return async () => {
        await client.query('ROLLBACK').catch(() => undefined);
        await client.end();
      };
    },
  },
  {
    name: 'connections exhausted',
    targets: ['orders'],
    durationMs: [500, 3_000],
    component: () => 'postgres',
    begin: async (sut) => {
      const taken: Client[] = [];
      for (let full = false; !full && taken.length < 250;) {
        const batch = await Promise.allSettled(Array.from({ length: 20 }, () => admin(sut, 'orders')));
        for (const result of batch) if (result.status === 'fulfilled') taken.push(result.value);
        full = batch.some(({ status }) => status === 'rejected');
      }
      if (taken.length === 0) return nothing;
      return async () => void (await Promise.all(taken.map((client) => client.end().catch(() => undefined))));
    },
  },
];
