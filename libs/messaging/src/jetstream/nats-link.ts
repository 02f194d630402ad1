import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Log } from '../log.js';

export interface NatsLinkOptions {
  /** `nats://host:port`, several separated by commas. */
  url: string;
  /** The name that the server shows for this client. */
  name: string;
  logger: Log;
}

/**
 * The process's connection to NATS: made at the first use, kept through every outage, made anew if the client
 * library ever gives it up. The defaults of the library give up after ten attempts and take minutes to notice a
 * silent peer; ours never give up and notice after 4 to 6 s.
 */
export class NatsLink {
  private opening: Promise<NatsConnection> | undefined;
  private closing = false;
  private interrupted = new AbortController();

  constructor(private readonly options: NatsLinkOptions) {}

  /**
   * The connection, once there is one.
   *
   * @param timeoutMs rejects after so many ms without one; the attempt goes on in the background
   */
  async connection(timeoutMs = 5_000): Promise<NatsConnection> {
    if (this.closing) throw new Error('the NATS connection is closed');
    this.opening ??= this.open();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`no connection to NATS within ${timeoutMs} ms`)),
      timeoutMs,
    );
    return Promise.race([this.opening, late.promise]).finally(() => clearTimeout(timer));
  }

  /**
   * Aborts when the connection is lost; from then on there is another one, for the next time. A server that comes back
   * may have less than it had.
   */
  get interruption(): AbortSignal {
    return this.interrupted.signal;
  }

  /** Sends what is buffered, acks included, and closes; at most 2 s. */
  async close(): Promise<void> {
    this.closing = true;
    const connection = await Promise.race([this.opening, Promise.resolve(undefined)]);
    if (!connection || connection.isClosed()) return;
    const timer = setTimeout(() => void connection.close(), 2_000);
    await connection.drain().catch(() => connection.close());
    clearTimeout(timer);
  }

  private async open(): Promise<NatsConnection> {
    const { url, name, logger } = this.options;
    try {
      const connection = await connect({
        servers: url.split(','),
        name,
        waitOnFirstConnect: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        reconnectJitter: 250,
        pingInterval: 2_000,
        maxPingOut: 2,
        timeout: 2_000,
        // Else two stack traces are taken for each publish, should it fail.
        noAsyncTraces: true,
      });
      logger.info({ server: connection.getServer() }, 'connected to NATS');
      void this.watch(connection);
      return connection;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }

  private async watch(connection: NatsConnection): Promise<void> {
    const { logger } = this.options;
    void connection.closed().then((error) => {
      this.opening = undefined;
      if (!this.closing) logger.error({ err: error }, 'NATS connection was given up, will make a new one');
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
