import 'reflect-metadata';
import { createHttpApp } from '@orders/http';
import { startConsumer } from '@orders/inbox';
import { createLogger } from '@orders/instrumentation';
import { openDatabase } from '@orders/postgres';
import { loadConfig, Service } from '@orders/service';
import { AppModule } from './app.module.js';
import { fulfillmentConfig } from './config.js';
import { fulfillmentDataSource } from './database/data-source.js';

const config = loadConfig(fulfillmentConfig);
const logger = createLogger({ name: 'fulfillment', level: config.logLevel });
const service = new Service({ name: 'fulfillment', config, logger });

await service.openManagementPort();
const database = fulfillmentDataSource({
  url: config.databaseUrl,
  poolMax: config.databasePoolMax,
  applicationName: 'fulfillment',
});
await openDatabase(database, service, config.postgresDurability);
startConsumer(service, database, config.natsUrl);
const app = await createHttpApp(AppModule.with(database), { service });
await app.listen(config.port, config.host);
service.started();
