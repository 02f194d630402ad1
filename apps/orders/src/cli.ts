import 'reflect-metadata';
import { replayCommand, streamCommand } from '@orders/outbox';
import { runCli } from '@orders/service';
import { dataSource, events, name } from './app.js';

// For operators: node apps/orders/dist/cli.js replay …
await runCli([replayCommand({ name, dataSource, events }), streamCommand({ name, events })]);
