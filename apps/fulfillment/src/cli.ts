import 'reflect-metadata';
import { deadLetterCommand } from '@orders/inbox';
import { runCli } from '@orders/service';
import { dataSource, handlers, name, rights } from './app.js';

// For operators: node apps/fulfillment/dist/cli.js dlq …
await runCli([deadLetterCommand({ name, dataSource, handlers, rights })]);
