import { connect, type NatsConnection } from '@nats-io/transport-node';
import { sleep } from '@orders/resilience';
import type { Log } from '../log.js';

export interface NatsLinkOptions {
  /** `nats://host:port`, several separated by commas. */
  url: string;
  /** The name that the server shows for this client. */
  name: string;
  logger: Log;
}

/** Between two tries to connect for the first time, in ms. */
const RETRY_MS = 250;

/**
 * The process's connection to NATS: made at the first use, kept through every outage, made anew if the client
 * library ever gives it up. The defaults of the library give up after ten attempts and take minutes to notice a
 * silent peer; ours never give up and notice after 4 to 6 s.
 */
export class NatsLink {
  private opening: Promise<NatsConnection> | undefined;
  /** Why the last try to connect failed. */
  private refusal: unknown;
  private readonly closing = new AbortController();
  private interrupted = new AbortController();

  constructor(private readonly options: NatsLinkOptions) {}

  /**
   * The connection, once there is one.
   *
   * @param timeoutMs rejects after so many ms without one, the cause is why the last try failed; the attempt goes on in the background
   */
  async connection(timeoutMs = 5_000): Promise<NatsConnection> {
    this.assertOpen();
    this.opening ??= this.open();
    const late = Promise.withResolvers<never>();
    const giveUp = () =>
      late.reject(new Error(`no connection to NATS within ${timeoutMs} ms`, { cause: this.refusal }));
    const timer = setTimeout(giveUp, timeoutMs);
    return Promise.race([this.opening, late.promise]).finally(() => clearTimeout(timer));
  }

  /**
   * Aborts when the connection is lost; from then on there is another one, for the next time. A server that comes back
   * may have less than it had.
   */
  get interruption(): AbortSignal {
    return this.interrupted.signal;
  }

  /** Sends what is buffered, acks included, and closes; at most 2 s. A connection that is still tried for is given up. */
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
      logger.info({ server: connection.getServer() }, 'connected to NATS');
      void this.watch(connection);
      return connection;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  /** The library would wait for a server as well (`waitOnFirstConnect`), but could not be told to stop. */
  private async firstConnection(): Promise<NatsConnection> {
    const { signal } = this.closing;
    for (;;) {
      this.assertOpen();
      try {
        const connection = await this.connect();
        if (!signal.aborted) return connection;
        await connection.close();
      } catch (error) {
        this.refusal = error;
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
      // Else two stack traces are taken for each publish, should it fail.
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
        logger.error({ err: error }, 'NATS connection was given up, will make a new one');
    });
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.interrupt();
      if (type === 'disconnect' || type === 'reconnect') logger.warn({ type }, `NATS ${type}`);
    }
  }

  private interrupt(): void {
    const { interrupted } = this;
    this.interrupted = new AbortController();
    interrupted.abort();
  }
}
