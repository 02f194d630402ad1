import 'reflect-metadata';
import { consumerCommand, deadLetterCommand } from '@orders/inbox';
import { runCli } from '@orders/service';
import { dataSource, handlers, name, roles } from './app.js';

// For operators: node apps/fulfillment/dist/cli.js dlq …
await runCli([
  deadLetterCommand({ name, dataSource, handlers, rights: roles.operator }),
  consumerCommand({ name, handlers }),
]);
