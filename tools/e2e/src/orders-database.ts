import { ROOT } from '@orders/dev/stack/paths';
import { run } from '@orders/dev/stack/run';
import type { Database } from './copied-cluster.ts';

/** The server of a test does without a durable disk. */
export const UNCHECKED = { POSTGRES_DURABILITY: 'unchecked' };

/** The login of orders: it may not update the log, and owns nothing. */
const LOGIN = 'orders_login';
/** The roles of orders in a cluster; each run of migrations gives them their rights in a database. */
export const CREATE_ROLES = `
  CREATE ROLE orders_app;
  CREATE ROLE orders_relay;
  CREATE ROLE ${LOGIN} LOGIN PASSWORD 'secret' IN ROLE orders_app, orders_relay`;
/** Makes a server give out more transaction ids than a new one will. */
export const USE_UP_IDS = `
  DO $$ BEGIN
    PERFORM set_config('synchronous_commit', 'off', false);
    FOR n IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
  END $$`;

/** The URL of a database, as that login. */
export const asApp = (url: string) =>
  Object.assign(new URL(url), { username: LOGIN, password: 'secret' }).href;

/** Appends events of orders to the log. */
export const append = (copy: Database, count: number, database?: string) =>
  copy.sql(
    `INSERT INTO outbox (event_id, subject, headers, body)
     SELECT gen_random_uuid(), 'orders.created', '{}', '{}' FROM generate_series(1, ${count})`,
    database,
  );

/** Runs the migrations, as superuser. */
export const migrate = (url: string) =>
  run(process.execPath, ['apps/orders/dist/migrate.js'], {
    cwd: ROOT,
    env: { ...process.env, ...UNCHECKED, DATABASE_URL: url },
  });
