import { SpanKind } from '@opentelemetry/api';
import { isSampled, tracingIsOn, parseTraceparent, withSpan } from '@orders/instrumentation';
import type { ReceivedEvent, Log, Delivery, EventSource } from '@orders/messaging';
import type { TransactionRunner } from '@orders/postgres';
import { Backoff, sleep } from '@orders/resilience';
import type { ConsumerMetrics } from './consumer-metrics.js';
import { DeadLetters } from './dead-letters.js';
import type { EventHandler, SequenceGap } from './event-handler.js';
import { classifyFailure } from './failure.js';
import { type Applied, InboxHandlers } from './inbox-handlers.js';

export interface InboxConsumerOptions {
  /** Whose inbox and dead letters; the name of the durable consumer too. */
  name: string;
  source: EventSource;
  db: TransactionRunner;
  /** One for each type of event; what no handler knows becomes a dead letter. */
  handlers: readonly EventHandler[];
  logger: Log;
  metrics: ConsumerMetrics;
  /** Events in one transaction. Default 128. */
  batchSize?: number;
  /** Times an event that fails for an unknown reason is tried before it becomes a dead letter. Default 5. */
  maxAttempts?: number;
  backoff?: Backoff;
}

/** A delivery that can take no effect, and why. */
interface Letter {
  readonly delivery: Delivery;
  readonly error: unknown;
}

/**
 * Makes each event take effect once: the inbox entries and the effects of a batch are one transaction, and the
 * acks come after its commit. A batch that fails is split, so that one bad event does not hold up its neighbours.
 */
export class InboxConsumer {
  private readonly handlers: InboxHandlers;
  private readonly deadLetters: DeadLetters;
  private readonly backoff: Backoff;

  constructor(private readonly options: InboxConsumerOptions) {
    this.handlers = new InboxHandlers(options.name, options.handlers);
    this.deadLetters = new DeadLetters(options.name);
    this.backoff = options.backoff ?? new Backoff({ baseMs: 100, maxMs: 2_000 });
  }

  /** Runs until the signal aborts; then finishes the batch in hand. Rejects only when its source does. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, batchSize = 128 } = this.options;
    for await (const batch of source.batches(batchSize, signal)) await this.process(batch, signal);
  }

  /** Settles every delivery of a batch, unless the signal aborts first: then the open ones are delivered again. */
  async process(batch: readonly Delivery[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.apply(batch);
        this.backoff.reset();
        for (const delivery of batch) delivery.ack();
        return;
      } catch (error) {
        const failure = classifyFailure(error);
        if (failure !== 'transient' && batch.length > 1) {
          for (const delivery of batch) await this.process([delivery], signal);
          return;
        }
        const isHopeless = failure === 'permanent' || (failure === 'unknown' && attempt >= this.maxAttempts);
        if (isHopeless) return this.bury(batch, error, signal);
        await this.pause(batch, error, signal);
      }
    }
  }

  private get maxAttempts(): number {
    return this.options.maxAttempts ?? 5;
  }

  /** Inbox, effects and dead letters of a batch in one transaction. */
  private apply(batch: readonly Delivery[]): Promise<void> {
    const { name, db, metrics } = this.options;
    const { events, unreadable } = this.read(batch);
    return inProcessSpan(name, events, async () => {
      const startedAt = performance.now();
      const { events: fresh, gaps } = await db.transaction(async (tx) => {
        const applied = await this.handlers.apply(tx, events);
        for (const { delivery, error } of unreadable) await this.deadLetters.add(tx, delivery, error);
        return applied;
      });
      metrics.duration.record((performance.now() - startedAt) / 1_000, { consumer: name });
      this.tellApplied({ events: fresh, gaps }, events.length - fresh.length);
      this.tellBuried(unreadable);
    });
  }

  private tellApplied({ events, gaps }: Applied, duplicates: number): void {
    const { name, logger, metrics } = this.options;
    metrics.events.add(events.length, { consumer: name, outcome: 'applied' });
    metrics.events.add(duplicates, { consumer: name, outcome: 'duplicate' });
    for (const { id, type, subject, sequence, correlationId, traceparent } of events) {
      const traceId = parseTraceparent(traceparent)?.traceId;
      logger.info({ eventId: id, type, subject, sequence, correlationId, traceId }, 'event applied');
    }
    for (const gap of gaps) this.tellGap(gap);
  }

  private tellBuried(letters: readonly Letter[]): void {
    const { name, logger, metrics } = this.options;
    metrics.events.add(letters.length, { consumer: name, outcome: 'dead_letter' });
    for (const { delivery, error } of letters) {
      logger.error({ err: error, address: delivery.address }, 'event became a dead letter');
    }
  }

  private tellGap(gap: SequenceGap): void {
    const { name, logger, metrics } = this.options;
    metrics.gaps.add(1, { consumer: name, state: gap.missing > 0 ? 'opened' : 'closed' });
    if (gap.missing > 0) logger.warn(gap, 'events are missing before this one');
    else logger.info(gap, 'missing events have come');
  }

  private read(batch: readonly Delivery[]) {
    const events: ReceivedEvent[] = [];
    const unreadable: Letter[] = [];
    for (const delivery of batch) {
      try {
        events.push(this.handlers.read(delivery.message));
      } catch (error) {
        unreadable.push({ delivery, error });
      }
    }
    return { events, unreadable };
  }

  /** Waits before the next try, and tells the bus that the silence is not a failure. */
  private async pause(batch: readonly Delivery[], error: unknown, signal: AbortSignal): Promise<void> {
    const retryInMs = this.backoff.next();
    this.options.logger.warn(
      { err: error, events: batch.length, retryInMs },
      'events not applied, will try again',
    );
    for (const delivery of batch) delivery.working();
    await sleep(retryInMs, signal);
  }

  /** Keeps what cannot be applied as dead letters; when even that fails, it is delivered again. */
  private async bury(batch: readonly Delivery[], reason: unknown, signal: AbortSignal): Promise<void> {
    for (const delivery of batch) {
      try {
        await this.options.db.transaction((tx) => this.deadLetters.add(tx, delivery, reason));
        this.backoff.reset();
        delivery.ack();
        this.tellBuried([{ delivery, error: reason }]);
      } catch (error) {
        await this.pause([delivery], error, signal);
        delivery.nak(0);
      }
    }
  }
}

/** A CONSUMER span under the one that published the first event whose trace is recorded, linked to the other such. */
function inProcessSpan(
  consumer: string,
  events: readonly ReceivedEvent[],
  work: () => Promise<void>,
): Promise<void> {
  if (!tracingIsOn()) return work();
  const [first, ...others] = events.filter(({ traceparent }) => isSampled(traceparent));
  if (!first) return work();
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'process',
    'messaging.destination.name': first.type,
    'messaging.consumer.group.name': consumer,
    'messaging.batch.message_count': events.length,
  };
  const links = others.map(({ traceparent }) => traceparent);
  const options = { kind: SpanKind.CONSUMER, parent: first.traceparent, links, attributes };
  return withSpan(`process ${first.type}`, options, work);
}
