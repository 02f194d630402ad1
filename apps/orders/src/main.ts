import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, openTls, renewFiles, Service } from '@orders/service';
import { configSchema, name } from './app.js';
import { serveOrders } from './orders.server.js';
import { openStorage } from './storage.js';

const config = loadConfig(configSchema);
const service = new Service({ name, config, logger: createLogger({ name, level: config.logLevel }) });

const tls = await openTls(config, service, { isServer: true });
renewFiles(config, service);
await service.openManagementPort();
const storage = await openStorage(config, service, tls);
await serveOrders({ service, ...storage, address: `${config.host}:${config.grpcPort}`, tls });
service.markStarted();
