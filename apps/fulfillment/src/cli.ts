import 'reflect-metadata';
import { consumerCommand, deadLetterCommand } from '@orders/inbox';
import { runCli } from '@orders/service';
import { dataSource, handlers, name } from './app.js';

// For operators: node apps/fulfillment/dist/cli.js dlq …
await runCli([deadLetterCommand({ name, dataSource, handlers }), consumerCommand({ name, handlers })]);
