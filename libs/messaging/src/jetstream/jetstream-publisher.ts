import { jetstreamManager, type PubAck } from '@nats-io/jetstream';
import { EventPublisher, type Message, type Receipt, type StreamState } from '../message.js';
import { storedHeaders, toNatsHeaders } from './nats-headers.js';
import type { NatsLink } from './nats-link.js';
import { PublishAcks, type PublishAcksOptions } from './publish-acks.js';
import { toStreamState } from './stream-state.js';
import { ensureStream, type StreamSpec } from './stream.js';

/** Longest wait for the ack of a publish, in ms. */
const PUBLISH_TIMEOUT_MS = 2_000;

/** Publishes to a JetStream stream. Creates the stream when it is missing, also when it disappears later. */
export class JetStreamPublisher extends EventPublisher {
  /** The acks of the current connection, once the stream is known to exist. */
  private ready: Promise<PublishAcks> | undefined;
  private acks: PublishAcks | undefined;
  private readonly ackOptions: PublishAcksOptions;

  constructor(
    private readonly link: NatsLink,
    private readonly stream: StreamSpec,
  ) {
    super();
    this.ackOptions = { timeoutMs: PUBLISH_TIMEOUT_MS, inboxPrefix: link.inboxPrefix };
  }

  async publish(message: Message): Promise<Receipt> {
    const acks = await (this.ready ??= this.open());
    try {
      const headers = toNatsHeaders(message, this.stream.name);
      return this.toReceipt(await acks.publish(message.subject, message.body, headers));
    } catch (error) {
      // The stream may be gone: check it before the next publish, whatever the error was.
      this.ready = undefined;
      throw error;
    }
  }

  async state(): Promise<StreamState> {
    const manager = await jetstreamManager(await this.link.connection());
    await ensureStream(manager, this.stream);
    return toStreamState(await manager.streams.info(this.stream.name, { deleted_details: true }));
  }

  async idAt(sequence: number): Promise<string | undefined> {
    const manager = await jetstreamManager(await this.link.connection(), { checkAPI: false });
    const stored = await manager.streams.getMessage(this.stream.name, { seq: sequence });
    return stored ? (storedHeaders(stored)['Nats-Msg-Id'] ?? '') : undefined;
  }

  /**
   * A cluster of 2.10 acks a refused message, when it is repeated, as a duplicate with the sequence 0. Only an ack with
   * a sequence says that the message is stored now.
   */
  private toReceipt({ stream, seq, duplicate }: PubAck): Receipt {
    const { name } = this.stream;
    if (stream !== name) throw new Error(`the stream ${stream} acked a message for the stream ${name}`);
    return { sequence: seq || 0, duplicate: duplicate || !seq };
  }

  private async open(): Promise<PublishAcks> {
    try {
      const connection = await this.link.connection();
      await ensureStream(await jetstreamManager(connection), this.stream);
      if (!this.acks?.isOpen) this.acks = new PublishAcks(connection, this.ackOptions);
      return this.acks;
    } catch (error) {
      this.ready = undefined;
      throw error;
    }
  }
}
