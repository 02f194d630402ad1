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
      const stop = new AbortController();
      const harassing = (async () => {
        while (!stop.signal.aborted) {
          await hit();
          await delay(200);
        }
      })();
      return async () => {
        stop.abort();
        await harassing;
        await client.end();
      };
    },
  };
}

export const DATABASE_FAULTS: readonly Fault[] = [
  harass('backends terminated', 'pg_terminate_backend'),
  harass('queries cancelled', 'pg_cancel_backend'),
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
