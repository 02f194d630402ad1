import { connect, type NatsConnection, type ServerInfo } from '@nats-io/transport-node';
import { sleep } from '@orders/resilience';
import type { Log } from '../log.js';
import { serverProblem } from './nats-server.js';
import { RefusedSetupError } from './refused-setup.js';

export interface NatsLinkOptions {
  /** `nats://host:port`; several are separated by commas. */
  url: string;
  /** The client name that the server shows. */
  name: string;
  logger: Log;
}

/** Shortest pause between two attempts at the first connection, in ms; jitter makes it up to twice as long. */
const RETRY_MS = 250;

/**
 * The process's connection to NATS. It is opened at the first use, reconnects after every outage, and is opened again
 * should the client library ever close it. By default the library gives up after ten attempts and takes minutes to
 * notice a silent server; this connection never gives up and notices within 4 to 6 s.
 */
export class NatsLink {
  private opening: Promise<NatsConnection> | undefined;
  private opened: NatsConnection | undefined;
  /** Why the last attempt to connect failed. */
  private lastError: unknown;
  private readonly closing = new AbortController();
  private loss = new AbortController();

  constructor(private readonly options: NatsLinkOptions) {}

  /**
   * Waits for the connection. Rejects when the link is closed.
   *
   * @param timeoutMs rejects after this time without a connection, in ms, with the last failure as `cause`; the link
   *   keeps connecting in the background. Default 5 000
   */
  async connection(timeoutMs = 5_000): Promise<NatsConnection> {
    this.assertOpen();
    this.opening ??= this.open();
    const late = Promise.withResolvers<never>();
    const giveUp = () =>
      late.reject(new Error(`no connection to NATS within ${timeoutMs} ms`, { cause: this.lastError }));
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
    return this.opened?.info;
  }

  /**
   * For `/readyz`. A server that does not answer is no reason: it comes back.
   *
   * @throws {RefusedSetupError} when the platform cannot work with the connected server
   */
  assertUsable(): void {
    const problem = this.server && serverProblem(this.server);
    if (problem !== undefined) throw new RefusedSetupError(problem);
  }

  /** Flushes what is buffered, acks included, and closes; at most 2 s. Stops connecting when not yet connected. */
  async close(): Promise<void> {
    this.closing.abort();
    const connection = await this.opening?.catch(() => undefined);
    if (!connection || connection.isClosed()) return;
    const timer = setTimeout(() => void connection.close(), 2_000);
    await connection.drain().catch(() => connection.close());
    clearTimeout(timer);
  }

  private async open(): Promise<NatsConnection> {
    const { logger } = this.options;
    try {
      const connection = await this.firstConnection();
      this.opened = connection;
      logger.info({ server: connection.getServer(), version: this.server?.version }, 'connected to NATS');
      this.reportProblem();
      void this.watch(connection);
      return connection;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  /** The library can wait for a server too (`waitOnFirstConnect`), but that wait cannot be canceled. */
  private async firstConnection(): Promise<NatsConnection> {
    const { signal } = this.closing;
    for (;;) {
      this.assertOpen();
      try {
        const connection = await this.connect();
        if (!signal.aborted) return connection;
        await connection.close();
      } catch (error) {
        this.lastError = error;
        await sleep(RETRY_MS * (1 + Math.random()), signal);
      }
    }
  }

  private connect(): Promise<NatsConnection> {
    const { url, name } = this.options;
    return connect({
      servers: url.split(','),
      name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 2_000,
      maxPingOut: 2,
      timeout: 2_000,
      // Otherwise the client captures two stack traces for each publish, in case it fails.
      noAsyncTraces: true,
    });
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new Error('the NATS connection is closed');
  }

  private async watch(connection: NatsConnection): Promise<void> {
    const { logger } = this.options;
    void connection.closed().then((error) => {
      this.opening = undefined;
      if (!this.closing.signal.aborted)
        logger.error({ err: error }, 'the NATS client closed the connection, will open a new one');
    });
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.reportLoss();
      if (type === 'disconnect' || type === 'reconnect') logger.warn({ type }, `NATS ${type}`);
      if (type === 'reconnect') this.reportProblem();
    }
  }

  private reportProblem(): void {
    const problem = this.server && serverProblem(this.server);
    if (problem !== undefined) this.options.logger.error({}, problem);
  }

  private reportLoss(): void {
    const { loss } = this;
    this.loss = new AbortController();
    loss.abort();
  }
}
