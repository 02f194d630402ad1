import 'reflect-metadata';
import { createLogger } from '@orders/instrumentation';
import { loadConfig, Service } from '@orders/service';
import { gatewayConfig, name } from './config.js';
import { createGateway } from './gateway.js';

const config = loadConfig(gatewayConfig);
const service = new Service({
  name,
  config,
  logger: createLogger({ name, level: config.logLevel }),
});

await service.openManagementPort();
const app = await createGateway(config, service);
await app.listen(config.port, config.host);
service.markStarted();
