import 'reflect-metadata';
import { createHttpApp } from '@orders/http';
import { serveInbox, startConsumer } from '@orders/inbox';
import { createLogger } from '@orders/instrumentation';
import { openDatabase } from '@orders/postgres';
import { loadConfig, openTls, renewFiles, Service } from '@orders/service';
import { configSchema, dataSource, handlers, name, roles } from './app.js';
import { ShipmentsController } from './shipments/shipments.controller.js';
import { ShipmentsRepository } from './shipments/shipments.repository.js';

const config = loadConfig(configSchema);
const service = new Service({ name, config, logger: createLogger({ name, level: config.logLevel }) });

const tls = await openTls(config, service, { isServer: true });
renewFiles(config, service);
await service.openManagementPort();
const database = dataSource({
  url: config.databaseUrl,
  tls,
  poolMax: config.databasePoolMax,
  applicationName: name,
});
await openDatabase(database, service, { durability: config.postgresDurability, rights: roles.app });
startConsumer({ service, database, nats: config, tls, handlers });
const app = await createHttpApp({
  service,
  controllers: [ShipmentsController],
  providers: [{ provide: ShipmentsRepository, useValue: new ShipmentsRepository(database) }],
});
await app.listen(config.port, config.host);
await serveInbox({ service, config, tls, database, dataSource, handlers, rights: roles.operator });
service.markStarted();
