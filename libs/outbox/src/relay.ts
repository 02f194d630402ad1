import type { Log, EventPublisher, Receipt, StreamState } from '@orders/messaging';
import { Backoff, sleep, WakeUp } from '@orders/resilience';
import { lowestReused } from './lowest-reused.js';
import { OneAtATime } from './one-at-a-time.js';
import type { Cursor, OutboxCursor } from './outbox-cursor.js';
import type { LogEntry, OutboxLog } from './outbox-log.js';
import type { RelayMetrics } from './outbox-metrics.js';
import { RelayPublisher } from './relay-publisher.js';
import { RewindPace } from './rewind-pace.js';
import { deepest, findLoss, NOTHING, type StreamLoss } from './stream-losses.js';

export interface RelayOptions {
  log: OutboxLog;
  cursor: OutboxCursor;
  publisher: EventPublisher;
  /** Identifies the holder of the lease; unique for each process. */
  owner: string;
  logger: Log;
  metrics: RelayMetrics;
  /** Entries read at a time and published concurrently. Default 256. */
  batchSize?: number;
  /** How long a relay that froze or died keeps the lease, in ms. Default 5 000. */
  leaseMs?: number;
  /** Longest time between two reads of the log when nothing wakes the relay, in ms. Default 500. */
  pollMs?: number;
  /** Time between two checks that the stream still holds what it stored, in ms. Default 10 000. */
  reconcileMs?: number;
  /** Pauses after failures. Default 100 ms to 5 s. */
  backoff?: Backoff;
}

/** Time to the next read, in ms, while an older transaction holds committed entries back: nothing announces its end. */
const HELD_BACK_MS = 20;

/**
 * Publishes the outbox log in order, and moves the cursor after the bus has stored the entries: at least once,
 * whatever fails. Of several relays one is active, the holder of the lease. One that has lost the lease without
 * noticing can only publish duplicates. The relay never gives an entry up: it retries a failed publish with growing
 * pauses.
 *
 * The stream may lose messages that it has acked. The relay compares it with what it held: when it takes the lease, every
 * `reconcileMs`, and when a receipt looks odd (an old sequence, a duplicate). When the stream was recreated, has lost its
 * end, its beginning or messages in between, the relay moves the cursor back to where the stream still holds everything,
 * and publishes again from there.
 */
export class Relay {
  private readonly wakeUp = new WakeUp();
  private readonly notification = new OneAtATime(() => this.notifyOthers());
  private readonly batchSize: number;
  private readonly leaseMs: number;
  private readonly pollMs: number;
  private readonly reconcileMs: number;
  private readonly backoff: Backoff;
  private readonly rewinds: RewindPace;
  private readonly publisher: RelayPublisher;
  /** The cursor, while this relay holds the lease on it. */
  private leased: Cursor | undefined;
  /** Which committed entries were not visible at the last read, because an older transaction was still running. */
  private heldBack: 'nothing' | 'some' | 'all' = 'nothing';
  private renewAt = 0;
  private reconcileAt = 0;

  constructor(private readonly options: RelayOptions) {
    this.batchSize = options.batchSize ?? 256;
    this.leaseMs = options.leaseMs ?? 5_000;
    this.pollMs = options.pollMs ?? 500;
    this.reconcileMs = options.reconcileMs ?? 10_000;
    this.backoff = options.backoff ?? new Backoff({ baseMs: 100, maxMs: 5_000 });
    this.rewinds = new RewindPace(this.reconcileMs);
    this.publisher = new RelayPublisher(options.publisher, options.metrics);
  }

  /** Whether this relay is the active one, as far as it knows: false after a failure, until it has asked again. */
  get holdsLease(): boolean {
    return this.leased !== undefined;
  }

  /**
   * Call it after this process has committed entries to the log. An active relay then reads at once instead of at its
   * next poll. An idle relay notifies the other replicas, one notification at a time however many appends there are.
   * Polling is the guarantee: a lost notification costs up to `pollMs`.
   */
  appended(): void {
    if (this.leased) this.wakeUp.wake();
    else this.notification.request();
  }

  /** Call it after another process has committed entries to the log. Like {@link appended}, but notifies nobody. */
  wake(): void {
    if (this.leased) this.wakeUp.wake();
  }

  /** Runs until the signal aborts; then finishes the current batch and releases the lease. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger } = this.options;
    while (!signal.aborted) {
      try {
        await this.step();
        this.backoff.reset();
        await this.wakeUp.wait(this.heldBack === 'nothing' ? this.pollMs : HELD_BACK_MS, signal);
      } catch (error) {
        this.forgetCursor();
        const retryInMs = this.backoff.next();
        logger.warn({ err: error, failures: this.backoff.failures, retryInMs }, 'relay failed, will retry');
        await sleep(retryInMs, signal);
      }
    }
    this.forgetCursor();
    await this.options.cursor
      .release(this.options.owner)
      .catch((error: unknown) => logger.warn({ err: error }, 'relay could not release its lease'));
  }

  /**
   * Processes one batch: lease, reconcile, read, publish, advance.
   *
   * @returns the number of published entries; 0 when there are none, after a rewind, or when another relay is active
   * @throws what the database or the bus threw; the cursor has passed the entries before the first one that failed
   */
  async step(): Promise<number> {
    // Entries become visible in order: while the first is held back, all are.
    const limit = this.heldBack === 'all' ? 1 : this.batchSize;
    this.heldBack = 'nothing';
    const held = await this.holdLease();
    const from = held && (await this.reconcileWhenDue(held));
    if (!from) return 0;
    const { entries, isHeldBack } = await this.options.log.read(from, limit);
    if (isHeldBack) this.heldBack = entries.length > 0 ? 'some' : 'all';
    if (entries.length === limit) this.wakeUp.wake();
    const results = await Promise.allSettled(entries.map(({ message }) => this.publisher.publish(message)));
    const failed = results.find((result) => result.status === 'rejected');
    const failedAt = failed ? results.indexOf(failed) : results.length;
    const receipts = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    const passed = await this.advance(from, entries.slice(0, failedAt), receipts);
    if (failed) throw failed.reason;
    return passed;
  }

  private async notifyOthers(): Promise<void> {
    const { log, logger } = this.options;
    try {
      await log.notify();
    } catch (error) {
      logger.warn({ err: error }, 'other relays could not be notified');
    }
  }

  /** Takes the lease, or renews it well before its end. Returns undefined when another relay holds it. */
  private async holdLease(): Promise<Cursor | undefined> {
    const { cursor, owner, logger } = this.options;
    if (this.leased && performance.now() < this.renewAt) return this.leased;
    const askedAt = performance.now();
    const held = await cursor.acquire(owner, this.leaseMs);
    if (held?.clusterChanged) {
      logger.warn({ owner }, 'the log was copied from another cluster: publishing all of it again');
      await cursor.rebase();
      return this.holdLease();
    }
    if (held && !this.leased) {
      const { tx, position, stream, streamSequence } = held;
      logger.info({ owner, tx, position, stream, streamSequence }, 'relay holds the lease');
      this.reconcileAt = 0;
    }
    this.leased = held;
    this.renewAt = askedAt + this.leaseMs / 3;
    return this.leased;
  }

  private async reconcileWhenDue(cursor: Cursor): Promise<Cursor | undefined> {
    return performance.now() < this.reconcileAt ? cursor : this.reconcile(cursor);
  }

  /**
   * Checks that the stream still holds what it stored. If not, moves the cursor back.
   *
   * @param received a loss that receipts have shown
   * @returns the cursor to go on from; undefined when it has moved
   */
  private async reconcile(cursor: Cursor, received?: StreamLoss): Promise<Cursor | undefined> {
    const { cursor: cursors, publisher, owner } = this.options;
    const state = await publisher.state();
    this.reconcileAt = performance.now() + this.reconcileMs;
    if (cursor.stream === undefined) {
      this.leased = await cursors.rewind(owner, state, NOTHING);
      return this.leased;
    }
    const found = await findLoss(cursor, state, { cursor: cursors, publisher });
    const loss = deepest([found, received].filter((each) => each !== undefined));
    if (loss) await this.rewind(cursor, state, loss);
    else this.rewinds.intact();
    return loss ? undefined : cursor;
  }

  /** Moves the cursor past the published entries, or back when the stream has lost messages. */
  private async advance(
    from: Cursor,
    passed: readonly LogEntry[],
    receipts: readonly Receipt[],
  ): Promise<number> {
    const { cursor, owner, logger } = this.options;
    const reused = lowestReused(receipts, from.streamSequence, from.rewoundAt);
    // In a stream that has grown since it lost its end, a duplicate may be all that shows the loss.
    const isOdd = reused !== undefined || receipts.some(({ duplicate }) => duplicate);
    const loss = reused === undefined ? undefined : ({ reason: 'shorter', intactUpTo: reused - 1 } as const);
    if (isOdd && !(await this.reconcile(from, loss))) return 0;
    const last = passed.at(-1);
    if (!last) return 0;
    const { tx, position } = last;
    const to = { tx, position, stream: from.stream, ...newest(from, passed, receipts) };
    const moved = await cursor.advance(owner, { from, to }, this.leaseMs);
    if (!moved)
      logger.warn({ owner, ...to }, 'relay had lost its lease: these events may be published twice');
    this.leased = moved ? { ...from, ...to } : undefined;
    return passed.length;
  }

  /** Moves the cursor back to where the stream, intact up to a sequence, still holds everything. */
  private async rewind(from: Cursor, state: StreamState, { reason, intactUpTo }: StreamLoss): Promise<void> {
    const { cursor, owner, logger, metrics } = this.options;
    this.rewinds.begin(from);
    const rewound = await cursor.rewind(owner, state, intactUpTo);
    this.forgetCursor();
    if (!rewound) return;
    const { id: stream, firstSequence, lastSequence } = state;
    const { tx, position } = rewound;
    logger.error(
      { reason, stream, intactUpTo, firstSequence, lastSequence, tx, position },
      'the stream has lost events: publishing them again',
    );
    metrics.rewinds.add(1, { reason });
    this.wakeUp.wake();
  }

  /** After a failure the known cursor is uncertain: the next step reads it again. */
  private forgetCursor(): void {
    this.leased = undefined;
  }
}

/** The newest message of the stream among the entries up to the last passed one. */
function newest(
  { streamSequence, messageId }: Cursor,
  passed: readonly LogEntry[],
  receipts: readonly Receipt[],
): Pick<Cursor, 'streamSequence' | 'messageId'> {
  const sequences = receipts.slice(0, passed.length).map(({ sequence }) => sequence);
  const highest = Math.max(...sequences);
  if (highest <= streamSequence) return { streamSequence, messageId };
  return { streamSequence: highest, messageId: passed[sequences.indexOf(highest)]!.message.id };
}
