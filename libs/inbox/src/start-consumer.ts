import { replayFilter, streamOf } from '@orders/contracts';
import { CatchUpSource, JetStreamSource, type NatsConfigValues, NatsLink } from '@orders/messaging';
import { transactionsOf } from '@orders/postgres';
import { every } from '@orders/resilience';
import type { Service, TlsIdentity } from '@orders/service';
import type { DataSource } from 'typeorm';
import { consumerMetrics, observeLag } from './consumer-metrics.js';
import type { EventHandler } from './event-handler.js';
import { InboxConsumer } from './inbox-consumer.js';
import { Inbox, INBOX_RETENTION_MS } from './inbox.js';
import { settledEvents } from './settled.js';

export interface ConsumerOptions {
  /** Its name is that of the durable consumers, the inbox and the dead letters, in every replica. */
  service: Service;
  database: DataSource;
  /** Where NATS is, and as whom to connect. */
  nats: NatsConfigValues;
  tls?: TlsIdentity | undefined;
  /** One for each type of event that the app consumes. */
  handlers: readonly EventHandler[];
}

/**
 * Consumes events as long as the process lives, through one durable consumer for each stream that has some of them.
 * NATS may be unreachable for any time. A durable consumer that another app has created ends the process. `/readyz` fails
 * while no event takes effect because of a fault that is none of the events'.
 */
export function startConsumer({ service, database, nats, tls, handlers }: ConsumerOptions): void {
  const { name, logger } = service;
  const link = new NatsLink({ config: nats, tls, name, logger });
  const settled = settledEvents(database, name);
  const durables = subjectsByStream(name, handlers).map(({ stream, subjects }) => {
    return { link, stream, durable: name, owner: name, subjects, settled, logger };
  });
  const sources = durables.map((durable) => new JetStreamSource(durable));
  const catchUps = durables.flatMap((durable) =>
    durable.subjects.map((subject) => new CatchUpSource({ ...durable, subject })),
  );
  observeLag(name, sources);
  service.addReadinessCheck('nats', async () => link.assertUsable());
  const options = { name, db: transactionsOf(database), handlers, logger, metrics: consumerMetrics(name) };
  const consumers = [...sources, ...catchUps].map((source) => new InboxConsumer({ ...options, source }));
  service.addReadinessCheck('consumer', async () => assertWorking(sources, consumers));

  const stop = new AbortController();
  const { signal } = stop;
  const running = Promise.all([
    ...consumers.map((consumer) => consumer.run(signal)),
    every(60 * 60 * 1_000, () => deleteOldEntries(new Inbox(name), database, signal), {
      signal,
      onError: (error) => logger.warn({ err: error }, 'old inbox entries could not be deleted'),
    }),
  ]);
  service.onStop('intake', 'consumer', async () => {
    stop.abort();
    await running;
  });
  service.onStop('connections', 'nats', () => link.close());
}

/** For each stream the subjects of its events, and the subject of those replayed for this consumer only. */
export function subjectsByStream(consumer: string, handlers: readonly Pick<EventHandler, 'contract'>[]) {
  const types = handlers.map(({ contract }) => contract.type);
  const byStream = Object.values(Object.groupBy(types, (type) => streamOf(type).name));
  return byStream.map(([first = '', ...others]: string[] = []) => ({
    stream: streamOf(first),
    subjects: [first, ...others, replayFilter(consumer, first)],
  }));
}

function assertWorking(sources: readonly JetStreamSource[], consumers: readonly InboxConsumer[]): void {
  for (const source of sources) source.assertUsable();
  const reasons = consumers.flatMap(({ blockedBy }) => blockedBy ?? []);
  if (reasons.length > 0) throw new Error(`events are not applied: ${reasons.join('; ')}`);
}

async function deleteOldEntries(inbox: Inbox, database: DataSource, signal: AbortSignal): Promise<void> {
  const before = new Date(Date.now() - INBOX_RETENTION_MS);
  const limit = 5_000;
  while (!signal.aborted && (await inbox.forget(database, before, limit)) === limit);
}
