import { ROOT } from '@orders/dev/stack/paths';
import { run } from '@orders/dev/stack/run';
import type { Database } from './copied-cluster.ts';

/** The server of a test does without a durable disk. */
export const UNCHECKED = { POSTGRES_DURABILITY: 'unchecked' };

/** The role of orders: it may not update the log, and owns nothing. */
const ROLE = 'orders_app';
export const CREATE_ROLE = `CREATE ROLE ${ROLE} LOGIN PASSWORD 'secret'`;
/** What that role may do. */
export const GRANTS = `
  GRANT SELECT, INSERT, UPDATE ON orders TO ${ROLE};
  GRANT SELECT, INSERT ON outbox TO ${ROLE};
  GRANT USAGE ON outbox_position TO ${ROLE};
  GRANT SELECT, UPDATE ON outbox_cursor TO ${ROLE};
  GRANT SELECT, INSERT, DELETE ON outbox_checkpoint TO ${ROLE};
  GRANT SELECT ON migrations TO ${ROLE}`;
/** Makes a server give out more transaction ids than a new one will. */
export const USE_UP_IDS = `
  DO $$ BEGIN
    PERFORM set_config('synchronous_commit', 'off', false);
    FOR n IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;
  END $$`;

/** The URL of a database, as that role. */
export const asApp = (url: string) =>
  Object.assign(new URL(url), { username: ROLE, password: 'secret' }).href;

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
