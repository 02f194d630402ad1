import { JetStreamPublisher, NatsLink, STREAM_MAX_AGE_MS } from '@orders/messaging';
import { preparedOn } from '@orders/postgres';
import { every } from '@orders/resilience';
import type { Secret, Service } from '@orders/service';
import { OutboxCursor } from './outbox-cursor.js';
import { listenForAppends } from './outbox-listener.js';
import { OutboxLog } from './outbox-log.js';
import { observeOutbox, relayMetrics } from './outbox-metrics.js';
import { Relay } from './relay.js';
import { ORDERS_STREAM } from '@orders/contracts';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';

export interface OutboxOptions {
  service: Service;
  database: DataSource;
  databaseUrl: Secret;
  natsUrl: Secret;
}

/**
 * Publishes the outbox log for as long as the process lives. Every replica runs this; the lease lets one work.
 * NATS may be away for as long as it likes: orders are taken all the same.
 *
 * @returns the relay, to be told of what this process appends
 */
export function startOutbox({ service, database, databaseUrl, natsUrl }: OutboxOptions): Relay {
  const { logger } = service;
  const link = new NatsLink({ url: natsUrl.reveal(), name: service.name, logger });
  const log = new OutboxLog(database);
  const cursor = new OutboxCursor(database, preparedOn(database));
  const relay = new Relay({
    log,
    cursor,
    publisher: new JetStreamPublisher(link, ORDERS_STREAM),
    owner: `${service.name}-${randomUUID()}`,
    logger,
    metrics: relayMetrics(),
  });
  observeOutbox(cursor);

  const stop = new AbortController();
  const { signal } = stop;
  const running = Promise.all([
    relay.run(signal),
    listenForAppends({
      connectionString: databaseUrl.reveal(),
      onAppend: () => relay.wake(),
      signal,
      log: logger,
    }),
    every(60 * 60 * 1_000, () => log.maintain(STREAM_MAX_AGE_MS), {
      signal,
      onError: (error) => logger.warn({ err: error }, 'outbox partitions were not maintained'),
    }),
  ]);
  service.onStop('intake', 'relay', async () => {
    stop.abort();
    await running;
  });
  service.onStop('connections', 'nats', () => link.close());
  return relay;
}
