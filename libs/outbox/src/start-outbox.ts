import { streamOf } from '@orders/contracts';
import {
  declaredStream,
  JetStreamPublisher,
  type NatsConfigValues,
  NatsLink,
  type StreamSettings,
} from '@orders/messaging';
import { preparedQueries } from '@orders/postgres';
import { every } from '@orders/resilience';
import type { Secret, Service, TlsIdentity } from '@orders/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { OutboxCursor } from './outbox-cursor.js';
import { OutboxHistory } from './outbox-history.js';
import { listenForAppends } from './outbox-listener.js';
import { OutboxLog } from './outbox-log.js';
import { reportHoldUp } from './hold-up.js';
import { observeOutbox, relayMetrics } from './outbox-metrics.js';
import { Relay } from './relay.js';

export interface OutboxOptions {
  service: Service;
  database: DataSource;
  /** For LISTEN, which needs a session of its own. */
  databaseUrl: Secret;
  /** Where NATS is, and as whom to connect. */
  nats: NatsConfigValues;
  /** Who the app is to Postgres and NATS. */
  tls?: TlsIdentity | undefined;
  /** How the stream is to be. The log keeps entries as long as the stream keeps events. */
  streamSettings: StreamSettings;
  /** Types of the events that the app publishes; at least one, all of the same stream. */
  events: readonly string[];
}

/** The outbox of an app that runs. */
export interface Outbox {
  /** Call its `appended` after each commit that appended to the log. */
  readonly relay: Relay;
  readonly history: OutboxHistory;
}

/**
 * Publishes the outbox log as long as the process lives. Every replica runs this; the lease makes one of them active.
 * The app takes requests also while NATS is unreachable, however long.
 */
export function startOutbox({
  service,
  database,
  databaseUrl,
  nats,
  tls,
  streamSettings: settings,
  events,
}: OutboxOptions): Outbox {
  const { logger } = service;
  const link = new NatsLink({ config: nats, tls, name: service.name, logger });
  const stream = declaredStream({ stream: streamOf(events[0]!), settings, link, logger });
  service.addReadinessCheck('nats', async () => link.problemOnceConnected());
  service.addReadinessCheck('stream', async () => stream.check.assertReady());
  const log = new OutboxLog(database);
  const cursor = new OutboxCursor(database, preparedQueries(database));
  const publisher = new JetStreamPublisher(link, stream);
  const relay = new Relay({
    log,
    cursor,
    publisher,
    owner: `${service.name}-${randomUUID()}`,
    logger,
    metrics: relayMetrics(events),
  });
  observeOutbox(cursor, relay);

  const stop = new AbortController();
  const { signal } = stop;
  const running = Promise.all([
    relay.run(signal),
    listenForAppends({
      address: { url: databaseUrl, applicationName: `${service.name}-listen`, tls },
      onAppend: () => relay.wake(),
      signal,
      log: logger,
    }),
    every(60 * 60 * 1_000, () => maintain(log, settings, logger), {
      signal,
      onError: (error) => logger.warn({ err: error }, 'outbox partitions could not be maintained'),
    }),
    every(30_000, () => reportHoldUp(database, logger), {
      signal,
      onError: (error) => logger.warn({ err: error }, 'cannot find out what holds the relay back'),
    }),
  ]);
  service.onStop('intake', 'relay', async () => {
    stop.abort();
    await running;
  });
  service.onStop('connections', 'nats', () => link.close());
  return { relay, history: new OutboxHistory(database, publisher, logger) };
}

async function maintain(
  log: OutboxLog,
  { maxAgeMs }: StreamSettings,
  logger: Service['logger'],
): Promise<void> {
  const missing = await log.maintain(maxAgeMs);
  if (missing.length > 0)
    logger.warn({ missing }, 'a reader of outbox_default, such as a dump, keeps partitions from being made');
}
