import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, Service } from '@orders/service';
import { configSchema, name } from './app.js';
import { serveOrders } from './orders.server.js';
import { openStorage } from './storage.js';

const config = loadConfig(configSchema);
const service = new Service({ name, config, logger: createLogger({ name, level: config.logLevel }) });

await service.openManagementPort();
const repository = await openStorage(config, service);
await serveOrders(service, repository, `${config.host}:${config.grpcPort}`);
service.markStarted();
