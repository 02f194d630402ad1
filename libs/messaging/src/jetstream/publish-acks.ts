import { JetStreamApiError, JetStreamError, type PubAck } from '@nats-io/jetstream';
import { LinkedList } from '@orders/resilience';
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
  readonly reply: string;
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
  private readonly waiting = new LinkedList<Waiting>();
  private published = 0;
  /** Why no word can come any more. */
  private loss: Error | undefined;

  /** @param timeoutMs longest wait for a word */
  constructor(
    private readonly connection: NatsConnection,
    private readonly timeoutMs: number,
  ) {
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, word) => (error ? this.giveUp(error) : this.hear(word)),
    });
    void connection.closed().then(() => this.giveUp(new ClosedConnectionError()));
  }

  /** False once the connection is closed or the server has ended the subscription: then each publish is rejected. */
  get isOpen(): boolean {
    return this.loss === undefined;
  }

  /**
   * @throws {TimeoutError} when nothing was heard in time: it may be stored
   * @throws {NoRespondersError} when no stream takes the subject
   * @throws {JetStreamApiError} when the stream refused it
   * @throws {PermissionViolationError} when the server lets nobody listen for its word: it may be stored
   * @throws {Error} when its word cannot be read: it may be stored
   */
  publish(subject: string, body: string, headers: MsgHdrs): Promise<PubAck> {
    const reply = `${this.inbox}.${(this.published += 1)}`;
    return new Promise((resolve, reject) => {
      if (this.loss) throw this.loss;
      // May throw, when the connection is closed or the message too large: before anything waits.
      this.connection.publish(subject, Buffer.from(body), { headers, reply });
      const timer = setTimeout(() => this.take(reply)?.reject(new TimeoutError()), this.timeoutMs);
      this.waiting.add({ reply, subject, resolve, reject, timer });
    });
  }

  private hear(word: Msg): void {
    const waiting = this.take(word.subject);
    try {
      waiting?.resolve(readAck(word, waiting.subject));
    } catch (error) {
      waiting?.reject(error as Error);
    }
  }

  /** Words come in the order of publishing, but for some that got lost: whose it is, is found near the front. */
  private take(reply: string): Waiting | undefined {
    let link = this.waiting.first;
    while (link && link.value.reply !== reply) link = link.next;
    if (!link) return undefined;
    this.waiting.remove(link);
    clearTimeout(link.value.timer);
    return link.value;
  }

  private giveUp(loss: Error): void {
    this.loss ??= loss;
    for (const { reply } of this.waiting.values()) this.take(reply)?.reject(loss);
  }
}

function readAck(word: Msg, subject: string): PubAck {
  if (word.headers?.code === 503) throw new NoRespondersError(subject);
  const { error, ...ack } = word.json<
    PubAck & { error?: ConstructorParameters<typeof JetStreamApiError>[0] }
  >();
  if (error) throw new JetStreamApiError(error);
  if (!ack.stream) throw new JetStreamError('invalid ack response');
  return ack;
}
