import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { Environments } from '@orders/dev/stack/environments';
import { ROOT } from '@orders/dev/stack/paths';
import { PgBouncer, type PgBouncerVersion } from '@orders/dev/stack/pgbouncer';
import { CommandFailed, run } from '@orders/dev/stack/run';
import type { Postgres } from '@orders/dev/stack/servers';
import type { Servers } from '@orders/dev/stack/site';
import { Customer, freshSystem, inParallel, type SystemUnderTest } from './client.ts';
import { withDatabaseUrls } from './database-urls.ts';
import { customersOrdering, expectNothingLost } from './load.ts';

/** Clients that take sessions of a pooler all the time, so that the next session is any. */
async function otherClients(url: string) {
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  let isBusy = true;
  const loops = Array.from({ length: 8 }, async () => {
    while (isBusy) await pool.query('SELECT pg_sleep(0.001)');
  });
  await pool.query('SELECT 1');
  return {
    end: async () => {
      isBusy = false;
      await Promise.all(loops);
      await pool.end();
    },
  };
}

describe.each<PgBouncerVersion>(['1.24', '1.26'])('behind PgBouncer %s', (version) => {
  let sut: SystemUnderTest;
  let bouncer: PgBouncer;
  let ordersEnvironment: Environments[string];

  const before = ({ server, url }: Postgres, settings: Record<string, string>) =>
    PgBouncer.start({ version, postgresUrl: url(), tls: server?.security?.server, settings });

  /** All apps reach Postgres through a PgBouncer with its default configuration, in session mode. */
  const throughPooler = async (environments: Environments, { postgres }: Servers): Promise<Environments> => {
    bouncer = await before(postgres, { default_pool_size: '40' });
    ordersEnvironment = environments['orders']!;
    return Object.fromEntries(
      Object.entries(environments).map(([app, environment]) => [
        app,
        withDatabaseUrls(environment, (url) => bouncer.through(url)),
      ]),
    );
  };

  beforeAll(async () => {
    sut = await freshSystem({ rewire: throughPooler });
  }, 180_000);
  afterAll(async () => {
    await sut.dispose();
    await bouncer.stop();
  }, 60_000);

  /** Runs `main` or `migrate` of orders through this pooler. */
  const runOrders = (entry: 'main' | 'migrate', pooler: PgBouncer) => {
    const ports = { GRPC_PORT: '0', MANAGEMENT_PORT: '0' };
    const user = entry === 'migrate' ? 'owner' : 'app';
    const url = pooler.through(sut.system.postgres.urlFor('orders', user));
    const env = { ...process.env, ...ordersEnvironment, ...ports, DATABASE_URL: url };
    return run(process.execPath, [`apps/orders/dist/${entry}.js`], { cwd: ROOT, env });
  };

  it('in session mode every order takes effect once, also when they come together', async () => {
    const load = customersOrdering(await Customer.of(sut.system, 'alice'), 16);
    await load.more(300);
    await load.stop();
    await expectNothingLost(sut.system, load.acknowledged);
  }, 60_000);

  it('in session mode migrations leave no lock behind', async () => {
    for (let round = 0; round < 2; round += 1)
      expect(await runOrders('migrate', bouncer)).toContain('nothing');
  }, 60_000);

  // Its log filled a pipe that nobody read: then it stood still.
  it('goes on after it has logged much', async () => {
    const connect = async () => {
      const client = new pg.Client({
        connectionString: bouncer.url('postgres'),
        connectionTimeoutMillis: 10_000,
      });
      await client.connect();
      await client.end();
    };
    for (let round = 0; round < 50; round += 1) await inParallel(10, 10, connect);
  }, 60_000);

  it.each(['transaction', 'statement'])(
    'in %s mode an app and its migrations refuse it in one line',
    async (mode) => {
      const shared = await before(sut.system.postgres, { pool_mode: mode });
      const others = await otherClients(shared.url('orders'));
      const entries = (['main', 'migrate'] as const).map((entry) => runOrders(entry, shared));
      const ends = await Promise.allSettled(entries);
      await others.end();
      await shared.stop();
      for (const { reason } of ends as PromiseRejectedResult[]) {
        expect(reason).toBeInstanceOf(CommandFailed);
        expect((reason as CommandFailed).output).toContain('use pool_mode = session in PgBouncer');
      }
    },
    60_000,
  );
});
