import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Backoff, sleep } from '@orders/resilience';
import { addAbortListener } from 'node:events';
import { type Delivery, EventSource } from '../message.js';
import { inBatches, JetStreamDelivery, PULL_MS, type Reading } from './deliveries.js';
import { DurableConsumer, type DurableConsumerOptions, DurableTakenError } from './durable-consumer.js';
import type { NatsLink } from './nats-link.js';

export interface JetStreamSourceOptions extends DurableConsumerOptions {
  link: NatsLink;
  /** How long the first event of a burst waits for the others, in ms. Default 3. */
  lingerMs?: number;
}

/**
 * What a {@link DurableConsumer} delivers, pulled in batches. Stream and consumer are made when they are missing, at the
 * start and whenever they vanish.
 */
export class JetStreamSource extends EventSource {
  private readonly consumer: DurableConsumer;

  constructor(private readonly options: JetStreamSourceOptions) {
    super();
    this.consumer = new DurableConsumer(options);
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
        if (error instanceof DurableTakenError) throw error;
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

  /**
   * Pulls until the signal aborts or the connection is interrupted; throws when the consumer, the stream or the server
   * is gone.
   */
  private async *session(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { link, stream, durable, lingerMs = 3 } = this.options;
    const { interruption } = link;
    const { wants, ackWaitMs } = this.consumer;
    const aliveMs = ackWaitMs / 3;
    const connection = await link.connection();
    const manager = await jetstreamManager(connection);
    await this.consumer.ensure(manager, 'begins');
    const consumer = await jetstream(connection).consumers.get(stream.name, durable);
    let inBursts = false;
    while (!signal.aborted && !interruption.aborted) {
      if (this.consumer.isDue) await this.consumer.ensure(manager, 'goes on');
      // Short pulls instead of one endless one: each ends by itself when something is amiss, and a reader that
      // stops only waits for the last one, so that nothing it was sent lies open until the ack wait is over.
      const pull = await consumer.fetch({ max_messages: 4 * max, expires: PULL_MS });
      // By itself it would read on after an interruption.
      using _ending = addAbortListener(interruption, () => pull.stop());
      const reading: Reading = { max, wants, inBursts, lingerMs, aliveMs, signal, interruption };
      for await (const batch of inBatches(pull, reading)) {
        inBursts = batch.length > 1;
        const deliveries = batch.map((message) => new JetStreamDelivery(message, interruption));
        this.consumer.noteDelivered(
          batch.at(-1)!.seq,
          deliveries.at(-1)!.message.headers['Nats-Msg-Id'] ?? '',
        );
        yield deliveries;
      }
    }
  }
}
