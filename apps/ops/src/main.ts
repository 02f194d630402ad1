import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, openTls, Service } from '@orders/service';
import { join } from 'node:path';
import { name, opsConfig } from './config.js';
import { createOps } from './ops.js';

const config = loadConfig(opsConfig);
const service = new Service({ name, config, logger: createLogger({ name, level: config.logLevel }) });

const tls = await openTls(config, service);
await service.openManagementPort();
const app = await createOps(config, { service, tls, page: join(import.meta.dirname, 'page') });
await app.listen(config.port, config.host);
service.markStarted();
