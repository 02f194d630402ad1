import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { inboxPrefix } from '@orders/contracts';
import type { TlsIdentity } from '@orders/service';
import type { Log } from '../log.js';
import type { NatsConfigValues } from './nats-config.js';
import { natsProof } from './nats-identity.js';
import { isPlainServer, refusalOf } from './nats-refusal.js';
import { demandsTls, tlsOption } from './nats-tls.js';
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

/** Connects to NATS as the config tells, and tells why a server does not let the process in. */
export class NatsDialer {
  /** The subject below which all answers of a connection arrive. */
  readonly inboxPrefix: string;

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
  async dial(reconnect: boolean): Promise<NatsConnection> {
    const { config, tls: identity } = this.options;
    let isTlsAccepted = false;
    const onAccepted = () => void (isTlsAccepted = true);
    const tls = tlsOption({ ...config, identity, onAccepted });
    try {
      return await this.connect({ ...this.connectionOptions(), reconnect }, tls);
    } catch (cause) {
      const certificate = tls && identity?.name;
      const reason = refusalOf(cause, { who: this.who, certificate, isTlsAccepted });
      throw reason === undefined ? cause : new RefusedSetupError(reason, { cause });
    }
  }

  /** As whom it connects, for messages; undefined = by nothing but perhaps a certificate. */
  get who(): string | undefined {
    return natsProof(this.options.config)?.who;
  }

  private async connect(
    options: NodeConnectionOptions,
    tls: NodeConnectionOptions['tls'],
  ): Promise<NatsConnection> {
    if (!tls) return connect(options);
    try {
      return await connect({ ...options, tls });
    } catch (error) {
      if (demandsTls(this.options.config) || !isPlainServer(error)) throw error;
      return connect(options);
    }
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
