import { SpanKind, type Span } from '@opentelemetry/api';
import { currentTraceparent, withSpan } from '@orders/instrumentation';
import { Backoff, sleep, WakeUp } from '@orders/resilience';
import type { Log } from '../log.js';
import type { EventPublisher, Message } from '../message.js';
import type { Cursor, LogEntry, OutboxLog } from './outbox-log.js';
import type { RelayMetrics } from './outbox-metrics.js';

export interface RelayOptions {
  log: OutboxLog;
  publisher: EventPublisher;
  /** Unique for each process: who holds the lease. */
  owner: string;
  logger: Log;
  metrics: RelayMetrics;
  /** Entries read, and published side by side, at a time. Default 256. */
  batchSize?: number;
  /** How long a relay that froze or died keeps others out, in ms. Default 5 000. */
  leaseMs?: number;
  /** Longest time between two looks at the log when nobody wakes the relay, in ms. Default 500. */
  pollMs?: number;
  backoff?: Backoff;
}

/**
 * Publishes the outbox log in order and moves the cursor after the bus has stored what it passes: at least once,
 * for ever, whatever fails. Of many relays one is active, the holder of the lease; one that loses it unnoticed can
 * only publish something twice. Publishing never counts as poison: a failure is repeated with growing pauses.
 */
export class Relay {
  private readonly wakeUp = new WakeUp();
  private readonly batchSize: number;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly backoff: Backoff;
  private cursor: Cursor | undefined;
  private renewAt = 0;

  constructor(private readonly options: RelayOptions) {
    this.batchSize = options.batchSize ?? 256;
    this.leaseMs = options.leaseMs ?? 5_000;
    this.pollMs = options.pollMs ?? 500;
    this.backoff = options.backoff ?? new Backoff({ baseMs: 100, maxMs: 5_000 });
  }

  /** Says that there may be something new: the relay looks at once instead of at its next poll. */
  wake(): void {
    this.wakeUp.wake();
  }

  /** Runs until the signal aborts; then finishes the batch in hand and gives the lease back. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.options;
    while (!signal.aborted) {
      try {
        const published = await this.step();
        this.backoff.reset();
        if (published < this.batchSize) await this.wakeUp.wait(this.pollMs, signal);
      } catch (error) {
        this.cursor = undefined;
        const retryInMs = this.backoff.next();
        logger.warn({ err: error, failures: this.backoff.failures, retryInMs }, 'relay failed, will go on');
        await sleep(retryInMs, signal);
      }
    }
    await this.options.log
      .release(this.options.owner)
      .catch((error: unknown) => logger.warn({ err: error }, 'relay could not give its lease back'));
  }

  /**
   * One batch: lease, read, publish, advance.
   *
   * @returns how many entries were published; 0 when there are none or when another relay is active
   * @throws what the database or the bus threw; everything before the first unpublished entry has been passed
   */
  async step(): Promise<number> {
    const from = await this.lease();
    if (!from) return 0;
    const entries = await this.options.log.read(from, this.batchSize);
    if (entries.length === 0) return 0;
    const results = await Promise.allSettled(entries.map((entry) => this.publish(entry)));
    const failed = results.findIndex((result) => result.status === 'rejected');
    const passed = failed === -1 ? entries : entries.slice(0, failed);
    await this.advance(from, passed);
    if (failed !== -1) throw (results[failed] as PromiseRejectedResult).reason;
    return passed.length;
  }

  /** The cursor, when the lease on it is ours; prolonged well before it runs out. */
  private async lease(): Promise<Cursor | undefined> {
    const { log, owner, logger } = this.options;
    if (this.cursor && performance.now() < this.renewAt) return this.cursor;
    const askedAt = performance.now();
    const held = await log.acquire(owner, this.leaseMs);
    if (held && !this.cursor)
      logger.info({ owner, tx: held.tx, position: held.position }, 'relay holds the lease');
    if (held?.moved) {
      const entries = await log.rebase();
      logger.warn({ entries }, 'the log came from another cluster: publishing all of it again');
      this.cursor = undefined;
      return this.lease();
    }
    this.cursor = held;
    this.renewAt = askedAt + this.leaseMs / 3;
    return held;
  }

  private async publish({ message }: LogEntry): Promise<void> {
    const { publisher, metrics } = this.options;
    try {
      await inPublishSpan(message, (traced) => publisher.publish(traced));
      metrics.published.add(1, { subject: message.subject, outcome: 'stored' });
    } catch (error) {
      metrics.published.add(1, { subject: message.subject, outcome: 'failed' });
      throw error;
    }
  }

  private async advance(from: Cursor, passed: readonly LogEntry[]): Promise<void> {
    const last = passed.at(-1);
    if (!last) return;
    const to = { tx: last.tx, position: last.position };
    const { log, owner, logger } = this.options;
    const moved = await log.advance(owner, { from, to }, this.leaseMs);
    if (!moved)
      logger.warn({ owner, ...to }, 'relay had lost its lease: these events may be published twice');
    this.cursor = moved ? to : undefined;
  }
}

/** A PRODUCER span under the one that recorded the event; the message carries its context on. */
function inPublishSpan(message: Message, publish: (traced: Message) => Promise<void>): Promise<void> {
  const parent = message.headers['traceparent'];
  const attributes = {
    'messaging.system': 'nats',
    'messaging.operation.type': 'send',
    'messaging.destination.name': message.subject,
    'messaging.message.id': message.id,
  };
  return withSpan(
    `publish ${message.subject}`,
    { kind: SpanKind.PRODUCER, attributes, ...(parent ? { parent } : {}) },
    (span) => publish(traced(message, span)),
  );
}

function traced(message: Message, span: Span): Message {
  if (!span.isRecording()) return message;
  return { ...message, headers: { ...message.headers, traceparent: currentTraceparent() } };
}
