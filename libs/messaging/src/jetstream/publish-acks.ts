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
import { LinkedList } from '@orders/resilience';

interface Waiting {
  readonly reply: string;
  readonly subject: string;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (error: Error) => void;
  /** By the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Publishes to JetStream and waits for its word. The client's own way makes an error with its stack trace for each
 * publish that went well. All words come to one subscription; the end of the subject tells whose it is.
 */
export class PublishAcks {
  private readonly inbox = createInbox();
  private readonly waiting = new LinkedList<Waiting>();
  private published = 0;
  /** Of the first that waits: all wait equally long. */
  private timer: NodeJS.Timeout | undefined;
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
      const until = performance.now() + this.timeoutMs;
      this.waiting.add({ reply, subject, resolve, reject, until });
      if (!this.timer) this.wait(this.timeoutMs);
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
    return link.value;
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => this.look(), ms).unref();
  }

  /** Rejects those whose time is over, and waits for the next one. */
  private look(): void {
    this.timer = undefined;
    for (let link = this.waiting.first; link; link = this.waiting.first) {
      const leftMs = link.value.until - performance.now();
      if (leftMs > 0) return this.wait(leftMs);
      this.waiting.remove(link);
      link.value.reject(new TimeoutError());
    }
  }

  private giveUp(loss: Error): void {
    this.loss ??= loss;
    for (let link = this.waiting.first; link; link = this.waiting.first) {
      this.waiting.remove(link);
      link.value.reject(loss);
    }
  }
}

function readAck(word: Msg, subject: string): PubAck {
  if (word.headers?.code === 503) throw new NoRespondersError(subject);
  const ack = word.json<PubAck & { error?: ConstructorParameters<typeof JetStreamApiError>[0] }>();
  if (ack.error) throw new JetStreamApiError(ack.error);
  if (!ack.stream) throw new JetStreamError('invalid ack response');
  return ack;
}
