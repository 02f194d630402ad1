import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createLogger } from '@orders/instrumentation';
import { migrateApp } from '@orders/postgres';
import { createTestDatabase, requiredUrl, type TestDatabase } from '@orders/postgres/testing';
import { eventually } from '@orders/resilience/testing/eventually';
import { readConfig, Service } from '@orders/service';
import { randomBytes } from 'node:crypto';
import { configSchema, dataSource, name, roles } from './app.js';
import { openStorage } from './storage.js';
import { inTime, someNewOrder } from './testing/fixtures.js';

const prefix = `test_${randomBytes(6).toString('hex')}`;
const [owner, app, relay] = ['owner', 'app_login', 'relay_login'].map((login) => `${prefix}_${login}`);
const groups = [`${prefix}_app`, `${prefix}_relay`];

let db: TestDatabase;
beforeEach(async () => {
  db = await createTestDatabase();
  await db.query(`CREATE ROLE ${groups[0]}; CREATE ROLE ${groups[1]};
    CREATE ROLE ${owner} LOGIN PASSWORD 'secret';
    CREATE ROLE ${app} LOGIN PASSWORD 'secret' IN ROLE ${groups[0]};
    CREATE ROLE ${relay} LOGIN PASSWORD 'secret' IN ROLE ${groups[1]};
    ALTER DATABASE ${new URL(db.url).pathname.slice(1)} OWNER TO ${owner}`);
});
afterEach(async () => {
  const all = [owner, app, relay, ...groups].join(', ');
  await db.query(`REASSIGN OWNED BY ${owner} TO CURRENT_USER`);
  await db.query(`DROP OWNED BY ${all}; DROP ROLE ${all}`);
  await db[Symbol.asyncDispose]();
});

const urlAs = (username = '') => Object.assign(new URL(db.url), { username, password: 'secret' }).href;

async function migrate(): Promise<void> {
  const environment = { DATABASE_URL: urlAs(owner), DATABASE_ROLE_PREFIX: prefix };
  Object.assign(process.env, environment);
  try {
    await migrateApp({ name, dataSource, roles });
  } finally {
    for (const variable of Object.keys(environment)) delete process.env[variable];
  }
}

const SESSIONS = `SELECT DISTINCT application_name AS "by", usename AS "as" FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'orders%' ORDER BY 1`;

it('the owner of the database migrates it, and orders and relay each work with a login of their own', async () => {
  await migrate();
  await migrate();
  const config = readConfig(configSchema, {
    DATABASE_URL: urlAs(app),
    RELAY_DATABASE_URL: urlAs(relay),
    NATS_URL: requiredUrl('TEST_NATS_URL'),
    MANAGEMENT_PORT: '0',
    SHUTDOWN_WAIT_MS: '0',
  });
  const logger = createLogger({ name, level: 'silent' });
  const service = new Service({
    name,
    config,
    logger,
    process: { on: () => undefined, exit: () => undefined },
  });
  const { repository } = await openStorage(config, service);
  await repository.create([someNewOrder()], inTime());
  await eventually('the event is published', async () => {
    const [{ passed }] = await db.query<[{ passed: boolean }]>(
      `SELECT position > 0 AS passed FROM outbox_cursor WHERE name = 'relay'`,
    );
    return passed;
  });
  let sessions: unknown[] = [];
  await eventually('each has opened its session', async () => {
    sessions = await db.query<unknown[]>(SESSIONS);
    return sessions.length === 3;
  });
  await service.stop('test');
  expect(sessions).toEqual([
    { by: 'orders', as: app },
    { by: 'orders-listen', as: relay },
    { by: 'orders-relay', as: relay },
  ]);
});
