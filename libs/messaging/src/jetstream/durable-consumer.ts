import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiCodes,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { Log } from '../log.js';
import type { SettledEvents } from '../message.js';
import { LossDetector } from './loss-detector.js';
import { ensureStream, isApiError, type StreamSpec } from './stream.js';
import { coveringFilter, matches } from './subjects.js';

/** Time between two checks that the consumer still fits its stream, in ms. */
const CHECK_MS = 10_000;

export interface DurableConsumerOptions {
  stream: StreamSpec;
  /** Its name. Its position in the stream survives every restart. Replicas share it. */
  durable: string;
  /** The app that it belongs to. A durable that another app has created is refused. Default: no check. */
  owner?: string;
  /**
   * The events that the reader wants, as NATS filters. The server gets one filter that covers them all: with several
   * filters it scans the backlog for each message (nats-server 2.10.27, 100,000 waiting: 790 µs a message, not 9).
   */
  subjects: readonly string[];
  logger: Log;
  /** A delivery is repeated after this time without ack, nak or in-progress signal, in ms. Default 5 000. */
  ackWaitMs?: number;
  /** Most events delivered and not yet acked, over all replicas. Default 1 000. */
  maxAckPending?: number;
  /**
   * What the reader has settled, asked at the start and after each lost connection. An event that counts as delivered
   * but is not settled has replaced one that the stream lost. Default: the consumer's position is trusted.
   */
  settled?: SettledEvents;
}

/** The metadata key under which a durable consumer names the app that created it. */
const OWNER_KEY = 'app';

/** The durable consumer belongs to another app. Sharing it would silently split its events between the apps. */
export class DurableTakenError extends Error {
  override readonly name = 'DurableTakenError';

  constructor(durable: string, { owner, wanted }: { owner: string; wanted: string }) {
    super(
      `the durable consumer "${durable}" belongs to the app "${owner}": "${wanted}" needs one of its own name`,
    );
  }
}

/**
 * A durable consumer on the server, and its stream. Both are created when they are missing. The consumer is recreated
 * when the stream has lost events that it had delivered. Redeliveries have no limit: the reader decides about an event
 * that always fails.
 */
export class DurableConsumer {
  readonly ackWaitMs: number;
  private readonly losses: LossDetector;
  private checkAt = 0;

  constructor(private readonly options: DurableConsumerOptions) {
    this.ackWaitMs = options.ackWaitMs ?? 5_000;
    const { stream, settled } = options;
    this.losses = new LossDetector({ stream, wants: this.wants, settled });
  }

  /** True when the reader wants this subject. The server's filter may match more. */
  readonly wants = (subject: string): boolean =>
    this.options.subjects.some((filter) => matches(subject, filter));

  /** Remembers the last message that the reader was given, by its stream sequence and its `Nats-Msg-Id`. */
  noteDelivered(sequence: number, id: string): void {
    this.losses.noteDelivered(sequence, id);
  }

  /** True when {@link ensure} should run again. */
  get isCheckDue(): boolean {
    return performance.now() >= this.checkAt || this.losses.hasUnverified;
  }

  /**
   * Creates or updates the consumer. An existing one keeps its position, unless its stream has lost events.
   *
   * @param session `new` at the start and after a lost connection, before anything is read: when the server lost the
   *   end of the stream, new events soon hide the loss
   */
  async ensure(manager: JetStreamManager, session: 'new' | 'running'): Promise<void> {
    const { stream, durable } = this.options;
    await ensureStream(manager, stream);
    if (!(await this.keepOrDelete(manager, session))) {
      this.losses.reset();
      await manager.consumers.add(stream.name, { ...this.config(), durable_name: durable });
    }
    this.checkAt = performance.now() + CHECK_MS;
  }

  /**
   * Keeps an existing consumer, but deletes it when its stream has lost events.
   *
   * @returns false when there is no consumer now
   */
  private async keepOrDelete(manager: JetStreamManager, session: 'new' | 'running'): Promise<boolean> {
    const { stream, durable, logger } = this.options;
    try {
      const info = await manager.consumers.info(stream.name, durable);
      this.assertOwned(info.config);
      if (session === 'new') await this.losses.markUnverified(info);
      if (!(await this.losses.hasLost(manager, info))) {
        await this.ensureConfig(manager, info.config);
        return true;
      }
      const delivered = info.delivered.stream_seq;
      logger.error({ durable, delivered }, 'the stream has lost events: reading it again from the start');
      await manager.consumers.delete(stream.name, durable);
    } catch (error) {
      if (!isApiError(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
    }
    return false;
  }

  private assertOwned({ metadata = {} }: ConsumerConfig): void {
    const { durable, owner: wanted } = this.options;
    const owner = metadata[OWNER_KEY];
    if (wanted !== undefined && owner !== undefined && owner !== wanted)
      throw new DurableTakenError(durable, { owner, wanted });
  }

  /** Updates a consumer of an older version: its filter may differ, its owner may be missing. Its position is kept. */
  private async ensureConfig(manager: JetStreamManager, config: ConsumerConfig): Promise<void> {
    const { stream, durable, owner } = this.options;
    const isOwned = owner === undefined || config.metadata?.[OWNER_KEY] === owner;
    if (config.filter_subject === this.filter && isOwned) return;
    await manager.consumers.update(stream.name, durable, {
      filter_subject: this.filter,
      filter_subjects: [],
      ...this.ownership,
    });
  }

  private get ownership() {
    const { owner } = this.options;
    return owner === undefined ? {} : { metadata: { [OWNER_KEY]: owner } };
  }

  private get filter(): string {
    return coveringFilter(this.options.subjects);
  }

  private config() {
    const { maxAckPending = 1_000 } = this.options;
    return {
      filter_subject: this.filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.ackWaitMs),
      max_ack_pending: maxAckPending,
      max_deliver: -1,
      ...this.ownership,
    };
  }
}
