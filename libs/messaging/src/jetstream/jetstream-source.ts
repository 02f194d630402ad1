import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  jetstream,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { Backoff, sleep } from '@orders/resilience';
import { addAbortListener } from 'node:events';
import type { EventPlace } from '../inbox/settled.js';
import type { Log } from '../log.js';
import { type Delivery, EventSource } from '../message.js';
import { eventIdOf, inBatches, JetStreamDelivery, PULL_MS, type Reading } from './deliveries.js';
import type { NatsLink } from './nats-link.js';
import { ensureStream, isApiError, type StreamSpec } from './stream.js';
import { coveringFilter, matches } from './subjects.js';

/** Time between two looks at whether the consumer still fits its stream, in ms. */
const CHECK_MS = 10_000;

export interface JetStreamSourceOptions {
  link: NatsLink;
  stream: StreamSpec;
  /** The durable consumer: where it stands survives every restart. Replicas share it. */
  durable: string;
  /**
   * Which events it wants; filters as NATS has them. The server is given one filter that covers them all: with several
   * it looks through the backlog for each message (nats-server 2.10.27, 100,000 waiting: 790 µs a message, not 9).
   */
  subjects: readonly string[];
  logger: Log;
  /** A delivery that is silent for so long is delivered again, in ms. Default 5 000. */
  ackWaitMs?: number;
  /** Events delivered and not yet acked, over all replicas. Default 1 000. */
  maxAckPending?: number;
  /** How long the first event of a burst waits for the others, in ms. Default 3. */
  lingerMs?: number;
  /**
   * Has this event been settled? Asked by a reader that begins, of the event up to which all are acked: when it has
   * not, the stream lost its end while nobody read, and other events have taken the places since. Default: trusted.
   */
  isSettled?: (event: EventPlace) => Promise<boolean>;
}

/**
 * A durable pull consumer of JetStream; makes stream and consumer when they are missing, at the start and whenever
 * they vanish. Deliveries have no limit: what becomes of an event that never works is the reader's decision.
 */
export class JetStreamSource extends EventSource {
  /** The last message that this process was given. */
  private last: { sequence: number; id: string } | undefined;

  constructor(private readonly options: JetStreamSourceOptions) {
    super();
  }

  async *batches(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { logger, durable } = this.options;
    const backoff = new Backoff({ baseMs: 200, maxMs: 5_000 });
    while (!signal.aborted) {
      try {
        for await (const batch of this.session(max, signal)) {
          backoff.reset();
          yield batch;
        }
      } catch (error) {
        const retryInMs = backoff.next();
        logger.warn({ err: error, durable, retryInMs }, 'consumer session ended, will start a new one');
        await sleep(retryInMs, signal);
      }
    }
  }

  async lag(): Promise<number> {
    const connection = await this.options.link.connection(1_000);
    const manager = await jetstreamManager(connection, { timeout: 1_000, checkAPI: false });
    const info = await manager.consumers.info(this.options.stream.name, this.options.durable);
    return info.num_pending + info.num_ack_pending;
  }

  /** Pulls until the signal aborts, or throws when the consumer, the stream or the server is gone. */
  private async *session(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { link, stream, durable } = this.options;
    const connection = await link.connection();
    const manager = await jetstreamManager(connection);
    let { interruption } = link;
    await this.ensureConsumer(manager);
    const consumer = await jetstream(connection).consumers.get(stream.name, durable);
    let checkAt = performance.now() + CHECK_MS;
    let inBursts = false;
    while (!signal.aborted) {
      // After an interruption before anything new is read: a server that lost the end of the stream soon hides it.
      if (performance.now() >= checkAt || interruption.aborted) {
        ({ interruption } = link);
        await this.ensureConsumer(manager);
        checkAt = performance.now() + CHECK_MS;
      }
      // Short pulls instead of one endless one: each ends by itself when something is amiss, and a reader that
      // stops only waits for the last one, so that nothing it was sent lies open until the ack wait is over.
      const pull = await consumer.fetch({ max_messages: 4 * max, expires: PULL_MS });
      // By itself it would read on after an interruption.
      using _ending = addAbortListener(interruption, () => pull.stop());
      const lost = interruption;
      const { wants, ackWaitMs } = this;
      const { lingerMs = 3 } = this.options;
      const aliveMs = ackWaitMs / 3;
      const reading: Reading = { max, wants, inBursts, lingerMs, aliveMs, signal, interruption };
      for await (const batch of inBatches(pull, reading)) {
        inBursts = batch.length > 1;
        const { seq, headers } = batch.at(-1)!;
        this.last = { sequence: seq, id: headers?.get('Nats-Msg-Id') ?? '' };
        yield batch.map((message) => new JetStreamDelivery(message, lost));
      }
    }
  }

  /** Makes the consumer as it should be, and anew when its stream has lost what it had delivered. */
  private async ensureConsumer(manager: JetStreamManager): Promise<void> {
    const { stream, durable, logger } = this.options;
    await ensureStream(manager, stream);
    const config = this.consumerConfig();
    try {
      const standing = await manager.consumers.info(stream.name, durable);
      if (!(await this.hasLost(manager, standing))) {
        return await this.ensureFilter(manager, standing.config);
      }
      const delivered = standing.delivered.stream_seq;
      logger.error({ durable, delivered }, 'the stream has lost events: reading it anew');
      await manager.consumers.delete(stream.name, durable);
      this.last = undefined;
    } catch (error) {
      if (!isApiError(error, JetStreamApiCodes.ConsumerNotFound)) throw error;
    }
    await manager.consumers.add(stream.name, { ...config, durable_name: durable });
  }

  /**
   * A consumer ahead of a stream that lost its end waits for ever, and skips what comes in its place. Seen by a stream
   * that is shorter, or, when it has grown since, by another message where the last one had been.
   */
  private async hasLost(manager: JetStreamManager, standing: ConsumerInfo): Promise<boolean> {
    const { stream, isSettled } = this.options;
    // After the consumer was looked at: the stream only grows meanwhile.
    const { last_seq: lastSequence, first_seq: firstSequence } = (await manager.streams.info(stream.name))
      .state;
    if (standing.delivered.stream_seq > lastSequence) return true;
    if (this.last) {
      if (this.last.sequence < firstSequence) return false;
      const stored = await manager.streams.getMessage(stream.name, { seq: this.last.sequence });
      return stored?.header.get('Nats-Msg-Id') !== this.last.id;
    }
    if (!isSettled) return false;
    // What was not wanted was acked without being settled. A stream that never held anything begins at 0, messages at 1.
    const oldest = Math.max(1, firstSequence);
    for (let sequence = standing.ack_floor.stream_seq; sequence >= oldest; sequence -= 1) {
      const stored = await manager.streams.getMessage(stream.name, { seq: sequence });
      if (!stored || !this.wants(stored.subject)) continue;
      return !(await isSettled({
        id: eventIdOf((name) => stored.header.get(name)),
        address: `${stream.name}/${sequence}`,
      }));
    }
    return false;
  }

  /** A newer version may want other events; where the consumer stands is kept. */
  private async ensureFilter(manager: JetStreamManager, config: ConsumerConfig): Promise<void> {
    const { stream, durable } = this.options;
    if (config.filter_subject === this.filter) return;
    await manager.consumers.update(stream.name, durable, {
      filter_subject: this.filter,
      filter_subjects: [],
    });
  }

  private readonly wants = (subject: string): boolean =>
    this.options.subjects.some((filter) => matches(subject, filter));

  private get filter(): string {
    return coveringFilter(this.options.subjects);
  }

  private get ackWaitMs(): number {
    return this.options.ackWaitMs ?? 5_000;
  }

  private consumerConfig() {
    const { maxAckPending = 1_000 } = this.options;
    return {
      filter_subject: this.filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.ackWaitMs),
      max_ack_pending: maxAckPending,
      max_deliver: -1,
    };
  }
}
