import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, Service } from '@orders/service';
import { ordersConfig } from './config.js';
import { serveGrpc } from './grpc-server.js';
import { openStorage } from './storage.js';

const config = loadConfig(ordersConfig);
const logger = createLogger({ name: 'orders', level: config.logLevel });
const service = new Service({ name: 'orders', config, logger });

await service.openManagementPort();
const repository = await openStorage(config, service);
await serveGrpc(service, repository, `${config.host}:${config.grpcPort}`);
service.started();
