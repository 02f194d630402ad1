import { JetStreamApiError, JetStreamError, type PubAck } from '@nats-io/jetstream';
import {
  ClosedConnectionError,
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  TimeoutError,
} from '@nats-io/transport-node';

interface Waiting {
  readonly subject: string;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Publishes to JetStream and waits for its word. The client's own way makes an error with its stack trace for each
 * publish that went well. All words come to one subscription; the end of the subject tells whose it is.
 */
export class PublishAcks {
  private readonly inbox = createInbox();
  private readonly waiting = new Map<string, Waiting>();
  private published = 0;

  /** @param timeoutMs longest wait for a word */
  constructor(
    readonly connection: NatsConnection,
    private readonly timeoutMs: number,
  ) {
    connection.subscribe(`${this.inbox}.*`, { callback: (_, word) => this.hear(word) });
    void connection.closed().then(() => this.giveUp());
  }

  /**
   * @throws {TimeoutError} when nothing was heard in time: it may be stored
   * @throws {NoRespondersError} when no stream takes the subject
   * @throws {JetStreamApiError} when the stream refused it
   */
  publish(subject: string, body: string, headers: MsgHdrs): Promise<PubAck> {
    const reply = `${this.inbox}.${(this.published += 1)}`;
    return new Promise((resolve, reject) => {
      // May throw, when the connection is closed or the message too large: before anything waits.
      this.connection.publish(subject, body, { headers, reply });
      const timer = setTimeout(() => this.take(reply)?.reject(new TimeoutError()), this.timeoutMs);
      this.waiting.set(reply, { subject, resolve, reject, timer });
    });
  }

  private hear(word: Msg): void {
    const waiting = this.take(word.subject);
    if (!waiting) return;
    if (word.headers?.code === 503) return waiting.reject(new NoRespondersError(waiting.subject));
    const { error, ...ack } = word.json<
      PubAck & { error?: ConstructorParameters<typeof JetStreamApiError>[0] }
    >();
    if (error) waiting.reject(new JetStreamApiError(error));
    else if (!ack.stream) waiting.reject(new JetStreamError('invalid ack response'));
    else waiting.resolve(ack);
  }

  private take(reply: string): Waiting | undefined {
    const waiting = this.waiting.get(reply);
    this.waiting.delete(reply);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  private giveUp(): void {
    for (const reply of this.waiting.keys()) this.take(reply)?.reject(new ClosedConnectionError());
  }
}
