import { type NatsConnection, PermissionViolationError, type ServerInfo } from '@nats-io/transport-node';
import { sleep } from '@orders/resilience';
import { MissingRights } from './missing-rights.js';
import { type DialedConnection, NatsDialer, type NatsDialerOptions } from './nats-dialer.js';
import { serverProblem } from './nats-server.js';
import { RefusedSetupError } from './refused-setup.js';

export type NatsLinkOptions = NatsDialerOptions;

/** Shortest pause between two attempts at the first connection, in ms; jitter makes it up to twice as long. */
const RETRY_MS = 250;
/** Time between two attempts to find out why a lost connection does not come back, in ms. */
const EXPLAIN_MS = 1_000;

/**
 * The process's connection to NATS. It is opened at the first use, reconnects after every outage, and is opened again
 * should the client library ever close it. By default the library gives up after ten attempts and takes minutes to
 * notice a silent server; this connection never gives up and notices within 4 to 6 s. It reconnects at once when the
 * certificate of the process changes, and within 2 s when that or the server's expires: what is unanswered then times out
 * as after a loss.
 */
export class NatsLink {
  private readonly dialer: NatsDialer;
  private readonly rights: MissingRights;
  private opening: Promise<NatsConnection> | undefined;
  private opened: DialedConnection | undefined;
  /** Why the last attempt to connect failed. */
  private lastError: unknown;
  /** Why a server does not let the process in; undefined once one does. */
  private refusal: RefusedSetupError | undefined;
  private isLost = false;
  private readonly closing = new AbortController();
  private loss = new AbortController();
  private readonly endRotation: (() => void) | undefined;

  constructor(private readonly options: NatsLinkOptions) {
    this.dialer = new NatsDialer(options);
    this.rights = new MissingRights(() => this.dialer.who, options.logger);
    this.endRotation = options.tls?.onChange(() => this.reconnect());
  }

  /**
   * Waits for the connection. Rejects when the link is closed.
   *
   * @param timeoutMs rejects after this time without a connection, in ms, with the last failure as `cause`; the link
   *   keeps connecting in the background. Default 5 000
   * @throws {RefusedSetupError} instead, with the reason, when a server does not let the process in
   */
  async connection(timeoutMs = 5_000): Promise<NatsConnection> {
    this.assertOpen();
    this.opening ??= this.open();
    const late = Promise.withResolvers<never>();
    const giveUp = () =>
      late.reject(
        this.refusal ?? new Error(`no connection to NATS within ${timeoutMs} ms`, { cause: this.lastError }),
      );
    const timer = setTimeout(giveUp, timeoutMs);
    return Promise.race([this.opening, late.promise]).finally(() => clearTimeout(timer));
  }

  /**
   * Aborts when the connection is lost; after that this getter returns a new signal, for the next loss. A server that
   * comes back may have lost messages.
   */
  get connectionLost(): AbortSignal {
    return this.loss.signal;
  }

  /** What the server told about itself at the last connect; undefined before the first one. */
  get server(): ServerInfo | undefined {
    return this.opened?.connection.info;
  }

  /** The subject below which all answers arrive: no other user may read there. */
  get inboxPrefix(): string {
    return this.dialer.inboxPrefix;
  }

  /**
   * Why NATS cannot be used, in one line: the server lacks something, does not let the process in, or has not allowed
   * something to it in the last 30 s. A server that does not answer is no reason: it comes back.
   */
  get problem(): string | undefined {
    return this.unfitServer ?? this.refusal?.message ?? this.rights.problem;
  }

  /**
   * For `/readyz` of a process that does nothing without NATS.
   *
   * @throws {RefusedSetupError} while there is a {@link problem}
   */
  assertUsable(): void {
    if (this.problem !== undefined) throw new RefusedSetupError(this.problem);
  }

  /**
   * For `/readyz` of a process that takes work also without NATS. A new one must not replace one that NATS lets in.
   *
   * @returns the {@link problem}, as detail, once NATS has let the process in
   * @throws {RefusedSetupError} while there is one and NATS has not let it in yet
   */
  problemOnceConnected(): string | undefined {
    if (!this.opened) this.assertUsable();
    return this.problem;
  }

  /** Flushes what is buffered, acks included, and closes; at most 2 s. Stops connecting when not yet connected. */
  async close(): Promise<void> {
    this.closing.abort();
    this.endRotation?.();
    const connection = await this.opening?.catch(() => undefined);
    if (!connection || connection.isClosed()) return;
    const timer = setTimeout(() => void connection.close(), 2_000);
    // Once it is closed, a drain under way never settles.
    await Promise.race([connection.drain(), connection.closed()]).catch(() => connection.close());
    clearTimeout(timer);
  }

  private get unfitServer(): string | undefined {
    return this.server && serverProblem(this.server);
  }

  private async open(): Promise<NatsConnection> {
    const { logger } = this.options;
    try {
      const dialed = await this.firstConnection();
      const { connection } = dialed;
      this.opened = dialed;
      logger.info({ server: connection.getServer(), version: this.server?.version }, 'connected to NATS');
      this.noteLetIn();
      void this.watch(dialed);
      return connection;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  /** The library can wait for a server too (`waitOnFirstConnect`), but that wait cannot be canceled. */
  private async firstConnection(): Promise<DialedConnection> {
    const { signal } = this.closing;
    for (;;) {
      this.assertOpen();
      try {
        const dialed = await this.dialer.dial(true);
        if (!signal.aborted && !dialed.handshake?.isOutdated) return dialed;
        await dialed.connection.close();
      } catch (error) {
        this.noteFailure(error);
        await sleep(RETRY_MS * (1 + Math.random()), signal);
      }
    }
  }

  /** A connection that the library has closed rejects: the next one is made with the new certificate anyway. */
  private reconnect(): void {
    this.opened?.connection.reconnect().catch(() => undefined);
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new Error('the NATS connection is closed');
  }

  private async watch({ connection, handshake }: DialedConnection): Promise<void> {
    void connection.closed().then((error) => this.reopen(error));
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.noteLoss();
      if (status.type === 'reconnect') this.noteReturn();
      if (status.type === 'ping' && handshake?.isOutdated) this.replaceOutdated();
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        this.rights.note(status.error);
    }
  }

  private reopen(error: unknown): void {
    this.opening = undefined;
    if (this.closing.signal.aborted) return;
    this.options.logger.warn({ err: error }, 'the NATS connection was closed, opens a new one');
    this.opening = this.open();
    this.opening.catch(() => undefined);
  }

  private replaceOutdated(): void {
    if (this.isLost) return;
    this.options.logger.warn({}, 'a certificate of the NATS connection has expired or changed, reconnects');
    this.reconnect();
  }

  /** A server that refuses a client after the handshake makes the library report the loss again and again. */
  private noteLoss(): void {
    if (this.isLost) return;
    this.isLost = true;
    this.options.logger.warn({ type: 'disconnect' }, 'NATS disconnect');
    const { loss } = this;
    this.loss = new AbortController();
    loss.abort();
    void this.explainLoss();
  }

  private noteReturn(): void {
    if (!this.isLost) return;
    this.options.logger.warn({ type: 'reconnect' }, 'NATS reconnect');
    this.noteLetIn();
  }

  private noteLetIn(): void {
    this.isLost = false;
    this.refusal = undefined;
    if (this.unfitServer !== undefined) this.options.logger.error({}, this.unfitServer);
  }

  private noteFailure(error: unknown): void {
    this.lastError = error;
    // Of several servers one may be unreachable: that is no news about the others.
    if (!(error instanceof RefusedSetupError)) return;
    if (error.message !== this.refusal?.message) this.options.logger.error({}, error.message);
    this.refusal = error;
  }

  /** The library does not tell why it cannot reconnect. So other connections are tried until it has. */
  private async explainLoss(): Promise<void> {
    const { connectionLost, opened } = this;
    const isOver = () => !this.isLost || connectionLost.aborted || this.closing.signal.aborted;
    for (;;) {
      await sleep(EXPLAIN_MS, this.closing.signal);
      if (isOver()) return;
      try {
        const { connection, handshake } = await this.dialer.dial(false);
        await connection.close();
        // The library never shows a certificate on a connection that was made in plaintext.
        if (!isOver() && handshake && !opened?.handshake) return await opened?.connection.close();
      } catch (error) {
        if (!isOver()) this.noteFailure(error);
      }
    }
  }
}
