import { jetstreamManager } from '@nats-io/jetstream';
import { EventPublisher, type Message, type Receipt, type StreamState } from '../message.js';
import { storedHeaders, toNatsHeaders } from './nats-headers.js';
import type { NatsLink } from './nats-link.js';
import { PublishAcks } from './publish-acks.js';
import { ensureStream, type StreamSpec } from './stream.js';

/** Longest wait for the ack of a publish, in ms. */
const PUBLISH_TIMEOUT_MS = 2_000;

/** Publishes to a JetStream stream. Creates the stream when it is missing, also when it disappears later. */
export class JetStreamPublisher extends EventPublisher {
  /** The acks of the current connection, once the stream is known to exist. */
  private ready: Promise<PublishAcks> | undefined;
  private acks: PublishAcks | undefined;

  constructor(
    private readonly link: NatsLink,
    private readonly stream: StreamSpec,
  ) {
    super();
  }

  async publish(message: Message): Promise<Receipt> {
    const acks = await (this.ready ??= this.open());
    try {
      const headers = toNatsHeaders(message, this.stream.name);
      const ack = await acks.publish(message.subject, message.body, headers);
      return { sequence: ack.seq, duplicate: ack.duplicate ?? false };
    } catch (error) {
      // The stream may be gone: check it before the next publish, whatever the error was.
      this.ready = undefined;
      throw error;
    }
  }

  async state(): Promise<StreamState> {
    const manager = await jetstreamManager(await this.link.connection());
    await ensureStream(manager, this.stream);
    const { created, state } = await manager.streams.info(this.stream.name);
    return { id: created, lastSequence: state.last_seq };
  }

  async idAt(sequence: number): Promise<string | undefined> {
    const manager = await jetstreamManager(await this.link.connection());
    const stored = await manager.streams.getMessage(this.stream.name, { seq: sequence });
    return stored ? (storedHeaders(stored)['Nats-Msg-Id'] ?? '') : undefined;
  }

  private async open(): Promise<PublishAcks> {
    try {
      const connection = await this.link.connection();
      await ensureStream(await jetstreamManager(connection), this.stream);
      if (!this.acks?.isOpen) this.acks = new PublishAcks(connection, PUBLISH_TIMEOUT_MS);
      return this.acks;
    } catch (error) {
      this.ready = undefined;
      throw error;
    }
  }
}
