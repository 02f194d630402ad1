import { SpanKind } from '@opentelemetry/api';
import { isSampled, tracingIsOn, parseTraceparent, withSpan } from '@orders/instrumentation';
import type { ReceivedEvent, Log, Delivery, EventSource } from '@orders/messaging';
import { awaitReplication, type TransactionRunner } from '@orders/postgres';
import { Backoff, sleep } from '@orders/resilience';
import type { ConsumerMetrics } from './consumer-metrics.js';
import { DeadLetters } from './dead-letters.js';
import type { EventHandler, SequenceGap } from './event-handler.js';
import { Blockage } from './blockage.js';
import { FailureStreak } from './failure-streak.js';
import { classifyFailure, type FailureClass } from './failure.js';
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
  /** Events in a row that may become dead letters because of one unknown error; later ones are kept. Default 3. */
  maxStreak?: number;
  /** Pauses between attempts. Default 100 ms to 2 s. */
  backoff?: Backoff;
}

/** How long an event that may not become a dead letter stays away, in ms, while the consumer tries others. */
const POSTPONE_MS = 5_000;

/** A delivery that can take no effect, and the error that says why. */
interface FailedDelivery {
  readonly delivery: Delivery;
  readonly error: unknown;
}

/**
 * Makes each event take effect once. The inbox entries and the effects of a batch are one transaction; the acks follow
 * its commit. A batch with an error that an event may be guilty of is split into single events, so that one bad event does
 * not block the others. What no event can be guilty of is retried without limit, and so is an unknown error that befalls
 * one event after the other ({@link FailureStreak}); the consumer goes on by itself once the cause is gone.
 */
export class InboxConsumer {
  private readonly handlers: InboxHandlers;
  private readonly deadLetters: DeadLetters;
  private readonly backoff: Backoff;
  private readonly streak: FailureStreak;
  private readonly blockage = new Blockage();

  constructor(private readonly options: InboxConsumerOptions) {
    this.handlers = new InboxHandlers(options.name, options.handlers);
    this.deadLetters = new DeadLetters(options.name);
    this.backoff = options.backoff ?? new Backoff({ baseMs: 100, maxMs: 2_000 });
    this.streak = new FailureStreak(options.maxStreak ?? 3);
  }

  /** Why no event takes effect at present, though the fault is none of the events'; undefined when all is well. */
  get blockedBy(): string | undefined {
    return this.blockage.reason;
  }

  /** Runs until the signal aborts; then finishes the current batch. Rejects only when its source does. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, batchSize = 128 } = this.options;
    for await (const batch of source.batches(batchSize, signal)) {
      this.countRedelivered(batch);
      await this.process(batch, signal);
    }
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
        if (mayBeGuilty(failure) && batch.length > 1) {
          for (const delivery of batch) await this.process([delivery], signal);
          return;
        }
        if (failure === 'unknown' && this.streak.holdsBack(error)) return this.postpone(batch, error, signal);
        const givesUp = failure === 'permanent' || (failure === 'unknown' && attempt >= this.maxAttempts);
        if (givesUp) return this.keepAsDeadLetters(batch, error, signal);
        if (failure === 'installation') this.blockage.note(error);
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

  private countRedelivered(batch: readonly Delivery[]): void {
    const { name, metrics } = this.options;
    let again = 0;
    for (const { attempt } of batch) if (attempt > 1) again += 1;
    if (again > 0) metrics.redelivered.add(again, { consumer: name });
  }

  private reportApplied({ events, gaps }: Applied, duplicates: number): void {
    const { name, logger, metrics } = this.options;
    this.blockage.end();
    if (events.length > 0) this.streak.end();
    metrics.events.add(events.length, { consumer: name, outcome: 'applied' });
    metrics.events.add(duplicates, { consumer: name, outcome: 'duplicate' });
    const [now, labels] = [Date.now(), { consumer: name }];
    for (const { id, type, subject, sequence, correlationId, traceparent, time } of events) {
      // Clocks differ: an event may come from the future.
      metrics.criticalTime.record(Math.max(0, now - time.getTime()) / 1_000, labels, traceparent);
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
    const { name, logger, metrics } = this.options;
    const retryInMs = this.backoff.next();
    metrics.retries.add(batch.length, { consumer: name, reason: classifyFailure(error) });
    logger.warn({ err: error, events: batch.length, retryInMs }, 'events not applied, will try again');
    for (const delivery of batch) delivery.working();
    await sleep(retryInMs, signal);
  }

  /** Keeps deliveries that are no dead letters yet, so that others are tried: one that takes effect ends the streak. */
  private async postpone(batch: readonly Delivery[], error: unknown, signal: AbortSignal): Promise<void> {
    this.blockage.note(error);
    await this.backOff(batch, error, signal);
    for (const delivery of batch) delivery.nak(POSTPONE_MS);
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
        if (classifyFailure(reason) === 'unknown') this.streak.add(reason);
        this.reportDeadLetters([{ delivery, error: reason }]);
      } catch (error) {
        await this.backOff([delivery], error, signal);
        delivery.nak(0);
      }
    }
  }
}

function mayBeGuilty(failure: FailureClass): boolean {
  return failure === 'permanent' || failure === 'unknown';
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
