import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { inboxPrefix } from '@orders/contracts';
import type { TlsIdentity } from '@orders/service';
import type { Log } from '../log.js';
import type { NatsConfigValues } from './nats-config.js';
import { natsProof } from './nats-identity.js';
import { isPlainServer, refusalOf } from './nats-refusal.js';
import { demandsTls, Handshake, tlsOption } from './nats-tls.js';
import { RefusedSetupError } from './refused-setup.js';

export interface NatsDialerOptions {
  /** Where NATS is, and as whom to connect. */
  config: NatsConfigValues;
  /** The client name that the server shows. */
  name: string;
  /** The user below whose inbox answers arrive. Default: `name`. */
  user?: string | undefined;
  /** The client's certificate, and the CAs of the servers unless NATS_CA_FILE has them. */
  tls?: TlsIdentity | undefined;
  logger: Log;
}

/** A connection as it was made. */
export interface DialedConnection {
  readonly connection: NatsConnection;
  /** undefined = it was made without TLS, or with what the client does of itself. It then never shows a certificate. */
  readonly handshake: Handshake | undefined;
}

/**
 * Connects to NATS as the config tells, and tells why a server does not let the process in. An app with a certificate shows
 * it to a server with TLS, and with `nats://` takes one without TLS too, until it has met TLS: from then on it takes no
 * other.
 */
export class NatsDialer {
  /** The subject below which all answers of a connection arrive. */
  readonly inboxPrefix: string;
  private hasMetTls = false;
  private hasWarned = false;

  constructor(private readonly options: NatsDialerOptions) {
    this.inboxPrefix = inboxPrefix(options.user ?? options.name);
  }

  /**
   * Tries each server once.
   *
   * @param reconnect whether the connection reconnects later, for ever
   * @throws {RefusedSetupError} when a server is there and does not let the process in
   * @throws {Error} when no server answers
   */
  async dial(reconnect: boolean): Promise<DialedConnection> {
    const { config, tls: identity } = this.options;
    const options = { ...this.connectionOptions(), reconnect };
    if (!demandsTls(config) && !identity) return this.dialPlain(options);
    const handshake = new Handshake(identity);
    try {
      const tls = tlsOption(config, handshake);
      const connection = await connect({ ...options, tls });
      this.hasMetTls = true;
      return { connection, handshake };
    } catch (error) {
      this.hasMetTls ||= handshake.isAccepted;
      if (!isPlainServer(error) || demandsTls(config)) throw this.explained(error, handshake);
      if (this.hasMetTls) throw this.downgraded(error);
    }
    const plain = await this.dialPlain(options);
    this.warnOfPlaintext(plain);
    return plain;
  }

  /** As whom it connects, for messages; undefined = by nothing but perhaps a certificate. */
  get who(): string | undefined {
    return natsProof(this.options.config)?.who;
  }

  private async dialPlain(options: NodeConnectionOptions): Promise<DialedConnection> {
    try {
      return { connection: await connect(options), handshake: undefined };
    } catch (error) {
      throw this.explained(error);
    }
  }

  private warnOfPlaintext({ connection }: DialedConnection): void {
    const what = `NATS at ${connection.getServer()} has no TLS: all goes in plaintext`;
    if (!this.hasWarned) this.options.logger.warn({}, `${what}; tls:// in NATS_URL refuses that`);
    this.hasWarned = true;
  }

  private downgraded(cause: unknown): RefusedSetupError {
    const servers = this.options.config.natsUrl.servers.join(', ');
    const message = `NATS at ${servers} has no TLS any more: refused until it has, or until a restart`;
    return new RefusedSetupError(message, { cause });
  }

  /** @param handshake that of an attempt with TLS */
  private explained(cause: unknown, handshake?: Handshake): unknown {
    const { name, current } = (handshake && this.options.tls) ?? {};
    const reason = refusalOf(cause, {
      ...{ who: this.who, certificate: name, isTlsAccepted: handshake?.isAccepted ?? false },
      expiredAt: current && current.notAfter < new Date() ? current.notAfter : undefined,
    });
    return reason === undefined ? cause : new RefusedSetupError(reason, { cause });
  }

  private connectionOptions(): NodeConnectionOptions {
    const { config, name } = this.options;
    return {
      servers: [...config.natsUrl.servers],
      name,
      inboxPrefix: this.inboxPrefix,
      authenticator: (nonce) => natsProof(config)?.authenticator(nonce),
      // Otherwise two refusals in a row end the connection for good, although the user may exist a moment later.
      ignoreAuthErrorAbort: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      reconnectJitterTLS: 250,
      pingInterval: 2_000,
      maxPingOut: 2,
      timeout: 2_000,
      // Otherwise the client captures two stack traces for each publish, in case it fails.
      noAsyncTraces: true,
    };
  }
}
