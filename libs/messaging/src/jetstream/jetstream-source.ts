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
import type { Settled } from '../inbox/settled.js';
import type { Log } from '../log.js';
import { type Delivery, EventSource } from '../message.js';
import { eventIdOf, inBatches, JetStreamDelivery, PULL_MS, type Reading } from './deliveries.js';
import type { NatsLink } from './nats-link.js';
import { ensureStream, isApiError, type StreamSpec } from './stream.js';
import { coveringFilter, matches } from './subjects.js';

/** Time between two looks at whether the consumer still fits its stream, in ms. */
const CHECK_MS = 10_000;
/** By so much the clocks of who makes an event and of the server may differ, in ms. */
const CLOCK_SKEW_MS = 1_000;
/** Messages looked at together by a reader that begins. */
const LOOK_SIZE = 100;

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
   * What the reader knows to have settled. Asked when it begins and after each interruption: an event that counts as
   * read and is not settled took the place of one that the stream lost. Default: the consumer is trusted.
   */
  settled?: Settled;
}

/** Messages up to a sequence, of those that were stored since a moment, in ms since the epoch. */
interface Doubt {
  readonly upTo: number;
  readonly since: number;
}

/**
 * A durable pull consumer of JetStream; makes stream and consumer when they are missing, at the start and whenever
 * they vanish. Deliveries have no limit: what becomes of an event that never works is the reader's decision.
 */
export class JetStreamSource extends EventSource {
  /** The last message that this process was given. */
  private last: { sequence: number; id: string } | undefined;
  /** What counted as delivered when the reader began, until it is known to be settled. */
  private doubt: Doubt | undefined;

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
    await this.ensureConsumer(manager, 'begins');
    const consumer = await jetstream(connection).consumers.get(stream.name, durable);
    let checkAt = performance.now() + CHECK_MS;
    let inBursts = false;
    while (!signal.aborted) {
      // After an interruption before anything new is read: a server that lost the end of the stream soon hides it.
      const isInterrupted = interruption.aborted;
      if (performance.now() >= checkAt || isInterrupted || this.doubt) {
        ({ interruption } = link);
        await this.ensureConsumer(manager, isInterrupted ? 'begins' : 'goes on');
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
  private async ensureConsumer(manager: JetStreamManager, reader: 'begins' | 'goes on'): Promise<void> {
    const { stream, durable, logger } = this.options;
    await ensureStream(manager, stream);
    const config = this.consumerConfig();
    try {
      const standing = await manager.consumers.info(stream.name, durable);
      if (reader === 'begins') await this.doubtWhatWasDelivered(standing);
      if (!(await this.hasLost(manager, standing))) {
        return await this.ensureFilter(manager, standing.config);
      }
      const delivered = standing.delivered.stream_seq;
      logger.error({ durable, delivered }, 'the stream has lost events: reading it anew');
      await manager.consumers.delete(stream.name, durable);
      this.last = this.doubt = undefined;
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
    const { stream } = this.options;
    // After the consumer was looked at: the stream only grows meanwhile.
    const { last_seq: lastSequence, first_seq: firstSequence } = (await manager.streams.info(stream.name))
      .state;
    if (standing.delivered.stream_seq > lastSequence) return true;
    if (this.last && this.last.sequence >= firstSequence) {
      const stored = await manager.streams.getMessage(stream.name, { seq: this.last.sequence });
      if (stored?.header.get('Nats-Msg-Id') !== this.last.id) return true;
    }
    const { doubt } = this;
    if (!doubt || standing.ack_floor.stream_seq < doubt.upTo) return false;
    this.doubt = undefined;
    return !(await this.areSettled(manager, doubt));
  }

  /**
   * While this process did not look, the stream may have lost its end and have grown again past where the consumer stands:
   * then other events are in places that are acked already. That the last of them is settled says nothing of those
   * before it, since the relay publishes again what is settled as well. So all must be that were stored since the newest
   * settled event was made; which is known only when all are acked, as other replicas may have some in hand.
   */
  private async doubtWhatWasDelivered({ delivered }: ConsumerInfo): Promise<void> {
    const { settled } = this.options;
    if (!settled) return;
    const since = (await settled.newest()).getTime() - CLOCK_SKEW_MS;
    this.doubt = { upTo: delivered.stream_seq, since: Math.min(since, this.doubt?.since ?? since) };
  }

  private async areSettled(manager: JetStreamManager, { upTo, since }: Doubt): Promise<boolean> {
    const { stream, settled } = this.options;
    // A stream that never held anything stands at 0, messages begin at 1.
    for (let last = upTo; last >= 1; last -= LOOK_SIZE) {
      const sequences = Array.from({ length: Math.min(LOOK_SIZE, last) }, (_, index) => last - index);
      const looks = sequences.map((seq) => manager.streams.getMessage(stream.name, { seq }));
      // What was not wanted was acked without being settled.
      const stored = (await Promise.all(looks)).filter((message) => message !== null);
      const wanted = stored.filter(({ subject }) => this.wants(subject));
      // The last one in any case: what it is says most.
      const recent = wanted.filter(({ time }, index) => index === 0 || time.getTime() >= since);
      const places = recent.map(({ header, seq }) => ({
        id: eventIdOf((name) => header.get(name)),
        address: `${stream.name}/${seq}`,
      }));
      if (!(await settled?.all(places))) return false;
      if (recent.length < wanted.length) return true;
    }
    return true;
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
