import type { Log, EventPublisher, Receipt, StreamState } from '@orders/messaging';
import { Backoff, sleep, WakeUp } from '@orders/resilience';
import { lowestReused } from './lowest-reused.js';
import { OneAtATime } from './one-at-a-time.js';
import type { Cursor, OutboxCursor } from './outbox-cursor.js';
import type { LogEntry, OutboxLog } from './outbox-log.js';
import type { RelayMetrics, RewindReason } from './outbox-metrics.js';
import { inPublishSpan } from './publish-span.js';

export interface RelayOptions {
  log: OutboxLog;
  cursor: OutboxCursor;
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
  /** Time between two looks at the stream, whether it still holds what it took, in ms. Default 10 000. */
  reconcileMs?: number;
  backoff?: Backoff;
}

/** Time to the next look when something is committed that an older transaction holds back, whose end nobody tells, in ms. */
const HELD_BACK_MS = 20;

/**
 * Publishes the outbox log in order and moves the cursor after the bus has stored what it passes: at least once,
 * for ever, whatever fails. Of many relays one is active, the holder of the lease; one that loses it unnoticed can
 * only publish something twice. Publishing never counts as poison: a failure is repeated with growing pauses.
 *
 * The stream may lose what it has acknowledged. The relay knows it by a stream that is another or shorter than it was,
 * or has grown again and holds something else where its last message was, at the latest `reconcileMs` after, and by a
 * new message that gets an old sequence, at once; it then goes back to where all is still there and publishes from
 * there again.
 */
export class Relay {
  private readonly wakeUp = new WakeUp();
  private readonly telling = new OneAtATime(() => this.tellOthers());
  private readonly batchSize: number;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly reconcileMs: number;
  private readonly backoff: Backoff;
  /** Where the cursor stands, while the lease on it is ours. */
  private leased: Cursor | undefined;
  /** What was committed and did not show at the last look, since an older transaction still ran. */
  private heldBack: 'nothing' | 'some' | 'all' = 'nothing';
  private renewAt = 0;
  private reconcileAt = 0;
  /** How long the stream was when the relay went back: repeats of what it held then tell of no other loss. */
  private heldAtRewind = 0;

  constructor(private readonly options: RelayOptions) {
    this.batchSize = options.batchSize ?? 256;
    this.leaseMs = options.leaseMs ?? 5_000;
    this.pollMs = options.pollMs ?? 500;
    this.reconcileMs = options.reconcileMs ?? 10_000;
    this.backoff = options.backoff ?? new Backoff({ baseMs: 100, maxMs: 5_000 });
  }

  /**
   * Says that this process has committed something to the log. When this relay is the active one it looks at once
   * instead of at its next poll; else it tells the others, however many appends there are, once at a time. Polling
   * is the guarantee: a word that is lost costs `pollMs`.
   */
  appended(): void {
    if (this.leased) this.wakeUp.wake();
    else this.telling.ask();
  }

  /** Says that somebody has committed something to the log: as {@link appended}, but nobody else is told. */
  wake(): void {
    if (this.leased) this.wakeUp.wake();
  }

  /** Runs until the signal aborts; then finishes the batch in hand and gives the lease back. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.options;
    while (!signal.aborted) {
      try {
        await this.step();
        this.backoff.reset();
        await this.wakeUp.wait(this.heldBack === 'nothing' ? this.pollMs : HELD_BACK_MS, signal);
      } catch (error) {
        this.forget();
        const retryInMs = this.backoff.next();
        logger.warn({ err: error, failures: this.backoff.failures, retryInMs }, 'relay failed, will go on');
        await sleep(retryInMs, signal);
      }
    }
    await this.options.cursor
      .release(this.options.owner)
      .catch((error: unknown) => logger.warn({ err: error }, 'relay could not give its lease back'));
  }

  /**
   * One batch: lease, reconcile, read, publish, advance.
   *
   * @returns how many entries were published; 0 when there are none or when another relay is active
   * @throws what the database or the bus threw; everything before the first unpublished entry has been passed
   */
  async step(): Promise<number> {
    // Entries show in order: while the first does not, none does.
    const limit = this.heldBack === 'all' ? 1 : this.batchSize;
    this.heldBack = 'nothing';
    const from = await this.lease();
    if (!from) return 0;
    if (performance.now() >= this.reconcileAt && !(await this.reconcile(from))) return 0;
    const { entries, isHeldBack } = await this.options.log.read(from, limit);
    if (isHeldBack) this.heldBack = entries.length > 0 ? 'some' : 'all';
    if (entries.length === limit) this.wakeUp.wake();
    const results = await Promise.allSettled(entries.map((entry) => this.publish(entry)));
    const failed = results.find((result) => result.status === 'rejected');
    const failedAt = failed ? results.indexOf(failed) : results.length;
    const receipts = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    const passed = await this.advance(from, entries.slice(0, failedAt), receipts);
    if (failed) throw failed.reason;
    return passed;
  }

  private async tellOthers(): Promise<void> {
    const { log, logger } = this.options;
    try {
      await log.notify();
    } catch (error) {
      logger.warn({ err: error }, 'other relays could not be told');
    }
  }

  /** The cursor, when the lease on it is ours; prolonged well before it runs out. */
  private async lease(): Promise<Cursor | undefined> {
    const { cursor, owner, logger } = this.options;
    if (this.leased && performance.now() < this.renewAt) return this.leased;
    const askedAt = performance.now();
    const held = await cursor.acquire(owner, this.leaseMs);
    if (held?.moved) {
      logger.warn({ owner }, 'the log came from another cluster: publishing all of it again');
      await cursor.rebase();
      return this.lease();
    }
    if (held && !this.leased) {
      const { tx, position, stream, streamSequence } = held;
      logger.info({ owner, tx, position, stream, streamSequence }, 'relay holds the lease');
      this.reconcileAt = 0;
    }
    // The row knows its stream only after the first advance.
    this.leased = held && { ...held, stream: held.stream ?? this.leased?.stream };
    this.renewAt = askedAt + this.leaseMs / 3;
    return this.leased;
  }

  /** Does the stream still hold what it took? If not, the cursor goes back. */
  private async reconcile(cursor: Cursor): Promise<boolean> {
    const state = await this.options.publisher.state();
    this.reconcileAt = performance.now() + this.reconcileMs;
    const isSame = cursor.stream === state.id || cursor.stream === undefined;
    if (!isSame) await this.rewind(state, state.lastSequence, 'younger');
    else if (state.lastSequence < cursor.streamSequence)
      await this.rewind(state, state.lastSequence, 'shorter');
    else if (await this.isOverwritten(cursor))
      await this.rewind(state, cursor.streamSequence - 1, 'overwritten');
    else this.leased = { ...cursor, stream: state.id };
    return this.leased !== undefined;
  }

  /**
   * Has the stream lost its end and grown again since? Then another message is where the last of those was that the
   * cursor has passed. What is no longer kept, there or in the log, tells nothing.
   */
  private async isOverwritten(cursor: Cursor): Promise<boolean> {
    const { log, publisher } = this.options;
    if (cursor.streamSequence === 0) return false;
    const id = await publisher.idAt(cursor.streamSequence);
    if (id === undefined) return false;
    // One of the last batch: not always the last one, since a repeat has the sequence of the first.
    const passed = await log.idsUpTo(cursor, this.batchSize);
    return passed.length > 0 && !passed.includes(id);
  }

  private async publish({ message }: LogEntry): Promise<Receipt> {
    const { publisher, metrics } = this.options;
    try {
      const receipt = await inPublishSpan(message, (traced) => publisher.publish(traced));
      metrics.published.add(1, { subject: message.subject, outcome: receipt.duplicate ? 'known' : 'stored' });
      return receipt;
    } catch (error) {
      metrics.published.add(1, { subject: message.subject, outcome: 'failed' });
      throw error;
    }
  }

  /** Moves the cursor behind what was published, or back when a receipt tells that the stream has lost something. */
  private async advance(
    from: Cursor,
    passed: readonly LogEntry[],
    receipts: readonly Receipt[],
  ): Promise<number> {
    const { cursor, owner, logger, publisher } = this.options;
    const reused = lowestReused(receipts, from.streamSequence, this.heldAtRewind);
    if (reused !== undefined) {
      await this.rewind(await publisher.state(), reused - 1, 'shorter');
      return 0;
    }
    const last = passed.at(-1);
    if (!last) return 0;
    const streamSequence = Math.max(...receipts.slice(0, passed.length).map(({ sequence }) => sequence));
    const to = { tx: last.tx, position: last.position, stream: this.leased?.stream, streamSequence };
    const moved = await cursor.advance(owner, { from, to }, this.leaseMs);
    if (!moved)
      logger.warn({ owner, ...to }, 'relay had lost its lease: these events may be published twice');
    if (moved) this.leased = to;
    else this.forget();
    return passed.length;
  }

  /** Goes back to where the stream still holds everything, which is no further than to `intactUpTo`. */
  private async rewind(
    { id: stream, lastSequence }: StreamState,
    intactUpTo: number,
    reason: RewindReason,
  ): Promise<void> {
    const { cursor, owner, logger, metrics } = this.options;
    const place = await cursor.rewind(owner, stream, intactUpTo);
    this.forget();
    if (!place) return;
    this.heldAtRewind = lastSequence;
    logger.error(
      { reason, stream, intactUpTo, lastSequence, ...place },
      'the stream has lost events: publishing them again',
    );
    metrics.rewinds.add(1, { reason });
    this.wakeUp.wake();
  }

  /** After a failure nothing that was known is certain: the next step asks again. */
  private forget(): void {
    this.leased = undefined;
    this.heldAtRewind = 0;
  }
}
