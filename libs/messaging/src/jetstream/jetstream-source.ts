import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Backoff, sleep } from '@orders/resilience';
import { addAbortListener } from 'node:events';
import { type Delivery, EventSource } from '../message.js';
import { type BatchOptions, JetStreamDelivery, PULL_MS, readBatches } from './deliveries.js';
import { DurableConsumer, type DurableConsumerOptions, DurableTakenError } from './durable-consumer.js';
import { refusedRight } from './missing-rights.js';
import type { NatsLink } from './nats-link.js';
import type { RefusedSetupError } from './refused-setup.js';

export interface JetStreamSourceOptions extends DurableConsumerOptions {
  link: NatsLink;
  /** How long the first event of a burst waits for the others, in ms. Default 3. */
  lingerMs?: number;
}

/**
 * Pulls the deliveries of a {@link DurableConsumer} in batches. Creates the consumer when it is missing, at the start and
 * whenever it disappears. Waits for a missing stream until its producer has created it.
 */
export class JetStreamSource extends EventSource {
  private readonly consumer: DurableConsumer;
  /** Why the consumer cannot be read, until it can. */
  private refusal: RefusedSetupError | undefined;

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
        const refusal = refusedRight(error);
        if (refusal) this.refuse(refusal);
        else logger.warn({ err: error, durable, retryInMs }, 'consumer session ended, will start a new one');
        await sleep(retryInMs, signal);
      }
    }
  }

  /**
   * For `/readyz`.
   *
   * @throws {RefusedSetupError} while the consumer has settings that break the delivery promise, or NATS does not allow to
   *   make or to read it
   */
  assertUsable(): void {
    if (this.refusal) throw this.refusal;
  }

  async lag(): Promise<number> {
    const connection = await this.options.link.connection(1_000);
    const manager = await jetstreamManager(connection, { timeout: 1_000, checkAPI: false });
    const info = await manager.consumers.info(this.options.stream.name, this.options.durable);
    return info.num_pending + info.num_ack_pending;
  }

  private refuse(refusal: RefusedSetupError): void {
    if (this.refusal?.message !== refusal.message) this.options.logger.error({}, refusal.message);
    this.refusal = refusal;
  }

  /** Pulls until the signal aborts or the connection is lost. Throws when consumer, stream or server is gone. */
  private async *session(max: number, signal: AbortSignal): AsyncIterable<Delivery[]> {
    const { link, stream, durable, lingerMs = 3 } = this.options;
    const { connectionLost } = link;
    const { wants, ackWaitMs } = this.consumer;
    const progressMs = ackWaitMs / 3;
    const connection = await link.connection();
    const manager = await jetstreamManager(connection);
    await this.consumer.ensure(manager, 'new');
    this.refusal = undefined;
    const consumer = await jetstream(connection).consumers.get(stream.name, durable);
    let inBursts = false;
    while (!signal.aborted && !connectionLost.aborted) {
      if (this.consumer.isCheckDue) await this.consumer.ensure(manager, 'running');
      // Short pulls instead of an endless one. Each ends by itself when something is wrong. A reader that stops can
      // wait for the end of its last pull, so that no message it was sent stays unsettled until the ack wait is over.
      const pull = await consumer.fetch({ max_messages: 4 * max, expires: PULL_MS });
      // Without this the pull would continue after a lost connection.
      using _stop = addAbortListener(connectionLost, () => pull.stop());
      const options: BatchOptions = { max, wants, inBursts, lingerMs, progressMs, signal, connectionLost };
      for await (const batch of readBatches(pull, options)) {
        inBursts = batch.length > 1;
        const deliveries = batch.map((message) => new JetStreamDelivery(message, connectionLost));
        this.consumer.noteDelivered(
          batch.at(-1)!.seq,
          deliveries.at(-1)!.message.headers['Nats-Msg-Id'] ?? '',
        );
        yield deliveries;
      }
    }
  }
}
