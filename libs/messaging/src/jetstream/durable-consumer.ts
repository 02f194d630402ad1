import { type ConsumerConfig, JetStreamApiCodes, type JetStreamManager } from '@nats-io/jetstream';
import type { Log } from '../log.js';
import type { SettledEvents } from '../message.js';
import {
  assertReadable,
  completeSubjects,
  deliversAll,
  type DurableDeclaration,
  durableUpdate,
  newDurable,
  ownerOf,
} from './durable-config.js';
import { LossDetector } from './loss-detector.js';
import { findStream, isApiError, type StreamSpec } from './stream.js';
import { covers } from './subjects.js';

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
  /** The server deletes it after this time without a reader, in ms. Default 0 = never. */
  inactiveThresholdMs?: number;
  /**
   * What the reader has settled, asked at the start and after each lost connection. An event that counts as delivered
   * but is not settled has replaced one that the stream lost. Default: the consumer's position is trusted.
   */
  settled?: SettledEvents;
  /** Asked before a missing consumer is created; when it is not needed, its reader ends. Default: it is needed. */
  isNeeded?: () => Promise<boolean>;
}

/** The consumer is missing, and nobody needs it any more. */
export class NotNeededError extends Error {
  override readonly name = 'NotNeededError';
}

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
 * A durable consumer on the server. It is created when it is missing, and recreated when the stream has lost events that
 * it had delivered. The stream is its producer's: only that knows how it is to be. Redeliveries have no limit: the reader
 * decides about an event that always fails.
 */
export class DurableConsumer {
  readonly ackWaitMs: number;
  private readonly declaration: DurableDeclaration;
  private readonly losses: LossDetector;
  /** The subjects of which the durable has passed nothing over: only their events must all be settled. */
  private complete: readonly string[];
  private checkAt = 0;

  constructor(private readonly options: DurableConsumerOptions) {
    const { stream, settled, subjects } = options;
    this.declaration = declarationOf(options);
    this.ackWaitMs = this.declaration.ackWaitMs;
    this.complete = subjects;
    const wants = (subject: string) => this.complete.some((filter) => covers(filter, subject));
    this.losses = new LossDetector({ stream, wants, settled });
  }

  /** True when the reader wants this subject. The server's filter may match more. */
  readonly wants = (subject: string): boolean =>
    this.options.subjects.some((filter) => covers(filter, subject));

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
   * @throws {DurableTakenError} when another app has created it
   * @throws {RefusedSetupError} when it has a setting that breaks the delivery promise and cannot be changed
   * @throws {NotNeededError} when it is missing and not needed
   * @throws {Error} when there is no stream
   * @param session `new` at the start and after a lost connection, before anything is read: when the server lost the
   *   end of the stream, new events soon hide the loss
   */
  async ensure(manager: JetStreamManager, session: 'new' | 'running'): Promise<void> {
    const { stream } = this.options;
    if (!(await findStream(manager, stream)))
      throw new Error(`there is no stream ${stream.name} yet: the app that publishes to it creates it`);
    if (!(await this.keepOrDelete(manager, session))) await this.create(manager);
    this.checkAt = performance.now() + CHECK_MS;
  }

  private async create(manager: JetStreamManager): Promise<void> {
    const { stream, durable, subjects, isNeeded } = this.options;
    if ((await isNeeded?.()) === false)
      throw new NotNeededError(`nobody needs the durable consumer ${durable}`);
    this.losses.reset();
    this.complete = subjects;
    await manager.consumers.add(stream.name, { ...newDurable(this.declaration), durable_name: durable });
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
      assertReadable(durable, info.config);
      this.complete = completeSubjects(info.config, this.options.subjects);
      if (session === 'new') await this.losses.markUnverified(info);
      if (!(await this.losses.hasLost(manager, info))) {
        await this.ensureConfig(manager, info.config, session);
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

  private assertOwned(config: ConsumerConfig): void {
    const { durable, owner: wanted } = this.options;
    const owner = ownerOf(config);
    if (wanted !== undefined && owner !== undefined && owner !== wanted)
      throw new DurableTakenError(durable, { owner, wanted });
  }

  /**
   * Changes what differs from the declaration, in place. While replicas of two versions read, the one that started last
   * decides; one that runs changes only what keeps events from it.
   */
  private async ensureConfig(
    manager: JetStreamManager,
    config: ConsumerConfig,
    session: 'new' | 'running',
  ): Promise<void> {
    const { stream, durable, logger } = this.options;
    if (session === 'running' && deliversAll(config, this.declaration)) return;
    const update = durableUpdate(config, this.declaration);
    if (!update) return;
    await manager.consumers.update(stream.name, durable, update);
    logger.info({ durable, from: config, to: update }, 'durable consumer changed');
  }
}

/** What a reader declares, with the defaults filled in. */
export function declarationOf({
  owner,
  subjects,
  ackWaitMs = 5_000,
  maxAckPending = 1_000,
  inactiveThresholdMs = 0,
}: Omit<DurableConsumerOptions, 'logger'>): DurableDeclaration {
  return { owner, subjects, ackWaitMs, maxAckPending, inactiveThresholdMs };
}
