import { ORDERS_STREAM, replaySubject } from '@orders/contracts';
import { JetStreamSource, NatsLink } from '@orders/messaging';
import { transactionsOf } from '@orders/postgres';
import { every } from '@orders/resilience';
import type { Secret, Service } from '@orders/service';
import { orderEventHandlers } from '../../../apps/fulfillment/src/shipments/order-events.js';
import { consumerMetrics, observeLag } from './consumer-metrics.js';
import { InboxConsumer } from './inbox-consumer.js';
import { Inbox } from './inbox.js';
import { settledBy } from './settled.js';
import type { DataSource } from 'typeorm';

/** The durable consumer and the inbox have the same name, on every replica. */
export const CONSUMER = 'fulfillment';

/** Its events, and those that are published again for it alone. */
export const CONSUMER_SUBJECTS = [
  ...orderEventHandlers.map(({ contract }) => contract.type),
  replaySubject(CONSUMER, '>'),
];

/** Longer than the stream keeps events (7 days) and than any redrive of ours. */
const INBOX_RETENTION_MS = 30 * 24 * 60 * 60 * 1_000;

/** Takes orders' events for as long as the process lives; NATS may be away for as long as it likes. */
export function startConsumer(service: Service, database: DataSource, natsUrl: Secret): void {
  const { logger } = service;
  const link = new NatsLink({ url: natsUrl.reveal(), name: service.name, logger });
  const source = new JetStreamSource({
    link,
    stream: ORDERS_STREAM,
    durable: CONSUMER,
    subjects: CONSUMER_SUBJECTS,
    settled: settledBy(database, CONSUMER),
    logger,
  });
  observeLag(CONSUMER, source);
  const consumer = new InboxConsumer({
    name: CONSUMER,
    source,
    db: transactionsOf(database),
    handlers: orderEventHandlers,
    logger,
    metrics: consumerMetrics(),
  });

  const stop = new AbortController();
  const { signal } = stop;
  const running = Promise.all([
    consumer.run(signal),
    every(60 * 60 * 1_000, () => forgetOld(new Inbox(CONSUMER), database, signal), {
      signal,
      onError: (error) => logger.warn({ err: error }, 'the inbox was not tidied'),
    }),
  ]);
  service.onStop('intake', 'consumer', async () => {
    stop.abort();
    await running;
  });
  service.onStop('connections', 'nats', () => link.close());
}

async function forgetOld(inbox: Inbox, database: DataSource, signal: AbortSignal): Promise<void> {
  const before = new Date(Date.now() - INBOX_RETENTION_MS);
  const limit = 5_000;
  while (!signal.aborted && (await inbox.forget(database, before, limit)) === limit);
}
