import { JetStreamApiError, JetStreamError, type PubAck } from '@nats-io/jetstream';
import {
  ClosedConnectionError,
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  TimeoutError,
} from '@nats-io/transport-node';
import { LinkedList } from '@orders/resilience';

export interface PublishAcksOptions {
  /** Longest wait for an ack, in ms. */
  readonly timeoutMs: number;
  /** The subject below which the client may subscribe. */
  readonly inboxPrefix: string;
}

/** A message that was published and waits for its ack. */
interface PendingPublish {
  readonly replySubject: string;
  readonly subject: string;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (error: Error) => void;
  /** When it times out, by `performance.now()`. */
  readonly expiresAt: number;
}

/**
 * Publishes to JetStream and waits for the ack of the stream. The client's own publish creates an error with a stack
 * trace even when all goes well. Here all acks arrive at one subscription; the last token of the subject tells which
 * publish an ack belongs to.
 */
export class PublishAcks {
  private readonly inbox: string;
  private readonly pending = new LinkedList<PendingPublish>();
  private published = 0;
  /** Fires when the oldest pending publish expires: all have the same timeout. */
  private timer: NodeJS.Timeout | undefined;
  /** Why no ack can arrive any more. */
  private failure: Error | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: PublishAcksOptions,
  ) {
    this.inbox = createInbox(options.inboxPrefix);
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, reply) => (error ? this.fail(error) : this.handleReply(reply)),
    });
    void connection.closed().then(() => this.fail(new ClosedConnectionError()));
    void this.watchRefusals();
  }

  /** False once the connection is closed or the server has ended the subscription: then every publish rejects. */
  get isOpen(): boolean {
    return this.failure === undefined;
  }

  /**
   * @throws {TimeoutError} when no ack arrived in time: the message may be stored
   * @throws {NoRespondersError} when no stream takes the subject
   * @throws {JetStreamApiError} when the stream refused the message
   * @throws {PermissionViolationError} when the server forbids the subject; also when it forbids the subscription to acks:
   *   then the message may be stored
   * @throws {Error} when the ack cannot be read: the message may be stored
   */
  publish(subject: string, body: string, headers: MsgHdrs): Promise<PubAck> {
    const replySubject = `${this.inbox}.${(this.published += 1)}`;
    return new Promise((resolve, reject) => {
      if (this.failure) throw this.failure;
      // Throws when the connection is closed or the message is too large, before the publish is pending.
      this.connection.publish(subject, Buffer.from(body), { headers, reply: replySubject });
      const { timeoutMs } = this.options;
      const expiresAt = performance.now() + timeoutMs;
      this.pending.add({ replySubject, subject, resolve, reject, expiresAt });
      if (!this.timer) this.startTimer(timeoutMs);
    });
  }

  /** The server answers a publish that it forbids with an error that names the subject alone. */
  private async watchRefusals(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (!this.isOpen) return;
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject } = status.error;
      if (operation === 'publish') this.rejectAll(status.error, (pending) => pending.subject === subject);
    }
  }

  private handleReply(reply: Msg): void {
    const publish = this.removePending(reply.subject);
    try {
      publish?.resolve(readAck(reply, publish.subject));
    } catch (error) {
      publish?.reject(error as Error);
    }
  }

  /** Acks arrive in the order of publishing, except for lost ones: the match is near the front. */
  private removePending(replySubject: string): PendingPublish | undefined {
    let link = this.pending.first;
    while (link && link.value.replySubject !== replySubject) link = link.next;
    if (!link) return undefined;
    this.pending.remove(link);
    return link.value;
  }

  private startTimer(ms: number): void {
    this.timer = setTimeout(() => this.rejectExpired(), ms).unref();
  }

  /** Rejects the publishes whose time is over, and starts the timer for the next one. */
  private rejectExpired(): void {
    this.timer = undefined;
    for (let link = this.pending.first; link; link = this.pending.first) {
      const leftMs = link.value.expiresAt - performance.now();
      if (leftMs > 0) return this.startTimer(leftMs);
      this.pending.remove(link);
      link.value.reject(new TimeoutError());
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.rejectAll(error, () => true);
  }

  private rejectAll(error: Error, matches: (pending: PendingPublish) => boolean): void {
    for (let link = this.pending.first, next; link; link = next) {
      next = link.next;
      if (!matches(link.value)) continue;
      this.pending.remove(link);
      link.value.reject(error);
    }
  }
}

function readAck(reply: Msg, subject: string): PubAck {
  if (reply.headers?.code === 503) throw new NoRespondersError(subject);
  const ack = reply.json<PubAck & { error?: ConstructorParameters<typeof JetStreamApiError>[0] }>();
  if (ack.error) throw new JetStreamApiError(ack.error);
  if (!ack.stream) throw new JetStreamError('invalid ack response');
  return ack;
}
