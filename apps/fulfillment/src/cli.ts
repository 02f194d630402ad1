import 'reflect-metadata';
import { DLQ_USAGE, dlq } from '@orders/inbox';
import { loadConfig, runCli, UsageError } from '@orders/service';
import { migrateConfig } from './config.js';
import { fulfillmentDataSource } from './database/data-source.js';

// For operators: node apps/fulfillment/dist/cli.js dlq …
await runCli(DLQ_USAGE, async ([command, ...args], cli) => {
  if (command !== 'dlq') throw new UsageError('The only command is dlq');
  const { databaseUrl } = loadConfig(migrateConfig);
  const db = fulfillmentDataSource({ url: databaseUrl, poolMax: 1, applicationName: 'fulfillment-cli' });
  await db.initialize();
  try {
    return await dlq(args, { ...cli, db });
  } finally {
    await db.destroy();
  }
});
