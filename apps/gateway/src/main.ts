import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, openTls, Service } from '@orders/service';
import { gatewayConfig, name } from './config.js';
import { createGateway } from './gateway.js';

const config = loadConfig(gatewayConfig);
const service = new Service({
  name,
  config,
  logger: createLogger({ name, level: config.logLevel }),
});

const tls = await openTls(config, service);
await service.openManagementPort();
const app = await createGateway(config, service, tls);
await app.listen(config.port, config.host);
service.markStarted();
