import 'reflect-metadata';

import { createLogger } from '@orders/instrumentation';
import { Service } from '@orders/service';

import { load } from './config.js';
import { createGateway } from './gateway.js';

const config = load();
const service = new Service({
  name: 'gateway',
  config,
  logger: createLogger({ name: 'gateway', level: config.logLevel }),
});

await service.openManagementPort();
const app = await createGateway(config, service);
await app.listen(config.port, config.host);
service.started();
