import { SpanKind } from '@opentelemetry/api';
import { isSampled, tracingIsOn, parseTraceparent, withSpan } from '@orders/instrumentation';
import type { ReceivedEvent, Log, Delivery, EventSource } from '@orders/messaging';
import { awaitReplication, type TransactionRunner } from '@orders/postgres';
import { Backoff, sleep } from '@orders/resilience';
import type { ConsumerMetrics } from './consumer-metrics.js';
import { DeadLetters } from './dead-letters.js';
import type { EventHandler, SequenceGap } from './event-handler.js';
import { classifyFailure } from './failure.js';
import { type Applied, InboxHandlers } from './inbox-handlers.js';

export interface InboxConsumerOptions {
  /** Names the inbox, the dead letters and the durable consumer. */
  name: string;
  source: EventSource;
  db: TransactionRunner;
  /** One for each type of event. An event without a handler becomes a dead letter. */
  handlers: readonly EventHandler[];
  logger: Log;
  metrics: ConsumerMetrics;
  /** Most events in one transaction. Default 128. */
  batchSize?: number;
  /** Attempts at an event that fails with an unknown error before it becomes a dead letter. Default 5. */
  maxAttempts?: number;
  /** Pauses between attempts. Default 100 ms to 2 s. */
  backoff?: Backoff;
}

/** A delivery that can take no effect, and the error that says why. */
interface FailedDelivery {
  readonly delivery: Delivery;
  readonly error: unknown;
}

/**
 * Makes each event take effect once. The inbox entries and the effects of a batch are one transaction; the acks follow
 * its commit. A batch with an error that is not transient is split into single events, so that one bad event does not
 * block the others.
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

  /** Runs until the signal aborts; then finishes the current batch. Rejects only when its source does. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, batchSize = 128 } = this.options;
    for await (const batch of source.batches(batchSize, signal)) await this.process(batch, signal);
  }

  /** Settles every delivery of a batch. If the signal aborts first, the unsettled ones are redelivered. */
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
        const givesUp = failure === 'permanent' || (failure === 'unknown' && attempt >= this.maxAttempts);
        if (givesUp) return this.keepAsDeadLetters(batch, error, signal);
        await this.backOff(batch, error, signal);
      }
    }
  }

  private get maxAttempts(): number {
    return this.options.maxAttempts ?? 5;
  }

  /** Writes inbox entries, effects and dead letters of a batch in one transaction. */
  private apply(batch: readonly Delivery[]): Promise<void> {
    const { name, db, metrics } = this.options;
    const { events, unreadable } = this.read(batch);
    return inProcessSpan(name, events, async () => {
      const startedAt = performance.now();
      const { events: fresh, gaps } = await db.transaction(async (tx) => {
        const applied = await this.handlers.apply(tx, events);
        for (const { delivery, error } of unreadable) await this.deadLetters.add(tx, delivery, error);
        // All has taken effect before, perhaps on the primary alone: an ack must not be ahead of a standby.
        if (applied.events.length === 0) await awaitReplication(tx);
        return applied;
      });
      metrics.duration.record((performance.now() - startedAt) / 1_000, { consumer: name });
      this.reportApplied({ events: fresh, gaps }, events.length - fresh.length);
      this.reportDeadLetters(unreadable);
    });
  }

  private reportApplied({ events, gaps }: Applied, duplicates: number): void {
    const { name, logger, metrics } = this.options;
    metrics.events.add(events.length, { consumer: name, outcome: 'applied' });
    metrics.events.add(duplicates, { consumer: name, outcome: 'duplicate' });
    for (const { id, type, subject, sequence, correlationId, traceparent } of events) {
      const traceId = parseTraceparent(traceparent)?.traceId;
      logger.info({ eventId: id, type, subject, sequence, correlationId, traceId }, 'event applied');
    }
    for (const gap of gaps) this.reportGap(gap);
  }

  private reportDeadLetters(failed: readonly FailedDelivery[]): void {
    const { name, logger, metrics } = this.options;
    metrics.events.add(failed.length, { consumer: name, outcome: 'dead_letter' });
    for (const { delivery, error } of failed) {
      logger.error({ err: error, address: delivery.address }, 'event became a dead letter');
    }
  }

  private reportGap(gap: SequenceGap): void {
    const { name, logger, metrics } = this.options;
    metrics.gaps.add(1, { consumer: name, state: gap.missing > 0 ? 'opened' : 'closed' });
    if (gap.missing > 0) logger.warn(gap, 'events are missing before this one');
    else logger.info(gap, 'missing events have come');
  }

  private read(batch: readonly Delivery[]) {
    const events: ReceivedEvent[] = [];
    const unreadable: FailedDelivery[] = [];
    for (const delivery of batch) {
      try {
        events.push(this.handlers.read(delivery.message));
      } catch (error) {
        unreadable.push({ delivery, error });
      }
    }
    return { events, unreadable };
  }

  /** Waits before the next attempt, and tells the bus that the events are still in progress. */
  private async backOff(batch: readonly Delivery[], error: unknown, signal: AbortSignal): Promise<void> {
    const retryInMs = this.backoff.next();
    this.options.logger.warn(
      { err: error, events: batch.length, retryInMs },
      'events not applied, will try again',
    );
    for (const delivery of batch) delivery.working();
    await sleep(retryInMs, signal);
  }

  /** Stores deliveries that cannot be applied as dead letters. One for which even that fails is redelivered. */
  private async keepAsDeadLetters(
    batch: readonly Delivery[],
    reason: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    for (const delivery of batch) {
      try {
        await this.options.db.transaction(async (tx) => {
          await this.deadLetters.add(tx, delivery, reason);
          await awaitReplication(tx);
        });
        this.backoff.reset();
        delivery.ack();
        this.reportDeadLetters([{ delivery, error: reason }]);
      } catch (error) {
        await this.backOff([delivery], error, signal);
        delivery.nak(0);
      }
    }
  }
}

/**
 * Runs `work` in a CONSUMER span. Its parent is the span that published the first event with a sampled trace; it is
 * linked to those of the other events with one. Without tracing, or without such an event, there is no span.
 */
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
