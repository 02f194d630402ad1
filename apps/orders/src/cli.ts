import 'reflect-metadata';
import { ORDERS_STREAM } from '@orders/contracts';
import { consumerNames, JetStreamPublisher, NatsLink } from '@orders/messaging';
import { REPLAY_USAGE, replayEvents, replayRequest } from '@orders/outbox';
import { loadConfig, runCli, UsageError } from '@orders/service';
import { replayConfig } from './config.js';
import { ordersDataSource } from './database/data-source.js';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

// For operators: node apps/orders/dist/cli.js replay …
await runCli(REPLAY_USAGE, async ([command, ...args], cli) => {
  if (command !== 'replay') throw new UsageError('The only command is replay');
  const request = replayRequest(args, new Date());
  const { databaseUrl, natsUrl } = loadConfig(replayConfig);
  const db = ordersDataSource({ url: databaseUrl, poolMax: 1, applicationName: 'orders-cli' });
  const link = new NatsLink({ url: natsUrl.reveal(), name: 'orders-cli', logger: quiet });
  await db.initialize();
  try {
    return await replayEvents(request, {
      ...cli,
      db,
      consumers: () => consumerNames(link, ORDERS_STREAM),
      publisher: new JetStreamPublisher(link, ORDERS_STREAM),
    });
  } finally {
    await Promise.all([db.destroy(), link.close()]);
  }
});
