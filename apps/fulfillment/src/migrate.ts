import { createLogger } from '@orders/instrumentation';
import { runMigrations } from '@orders/postgres';
import { loadConfig } from '@orders/service';
import { migrateConfig } from './config.js';
import { fulfillmentDataSource } from './database/data-source.js';

// A step of its own before a release: the app itself never changes the schema.
const { databaseUrl } = loadConfig(migrateConfig);
const dataSource = fulfillmentDataSource({
  url: databaseUrl,
  poolMax: 1,
  unlimited: true,
  applicationName: 'fulfillment-migrate',
});
await runMigrations(dataSource, createLogger({ name: 'fulfillment-migrate', level: 'info' }));
