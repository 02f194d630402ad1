import { ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { TlsIdentity, TlsMaterial } from '@orders/service';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { limitConnect } from '../connect-limit.js';

type ConnectorParameters = Parameters<ChannelCredentials['_createSecureConnector']>;
type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/**
 * Mutual TLS 1.3 for a gRPC client: each connection uses the certificate and the CAs of the moment at which it begins. The
 * server's certificate must have the name of the called app as DNS name, whatever address is dialed.
 */
class TlsChannelCredentials extends ChannelCredentials {
  private latest: { material: TlsMaterial; credentials: ChannelCredentials } | undefined;

  constructor(
    private readonly tls: TlsIdentity,
    private readonly upstream: string,
  ) {
    super();
  }

  _isSecure(): boolean {
    return true;
  }

  /** Channels whose credentials are equal may share connections. */
  _equals(other: ChannelCredentials): boolean {
    return (
      this === other ||
      (other instanceof TlsChannelCredentials && other.tls === this.tls && other.upstream === this.upstream)
    );
  }

  _createSecureConnector(...[target, options, call]: ConnectorParameters): Connector {
    const named = { ...options, 'grpc.ssl_target_name_override': this.upstream };
    const connector = () => this.current()._createSecureConnector(target, named, call);
    const callCredentials = connector().getCallCredentials();
    return {
      connect: (socket) => connector().connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy: () => undefined,
    };
  }

  private current(): ChannelCredentials {
    const material = this.tls.current;
    if (this.latest?.material !== material) {
      const { cert, key, ca } = material;
      const context = createSecureContext({ cert, key, ca, minVersion: 'TLSv1.3' });
      this.latest = { material, credentials: credentials.createFromSecureContext(context) };
    }
    return this.latest.credentials;
  }
}

export interface ChannelCredentialsOptions {
  /** Name of the called app. */
  upstream: string;
  logger: Logger;
  /** Undefined for plaintext. */
  tls: TlsIdentity | undefined;
}

/**
 * Credentials of a generated client that `RpcClient` wraps: mutual TLS or plaintext, with a limit for peers that send
 * nothing and a log line for connections that fail ({@link limitConnect}). Make them once for each called app.
 */
export function channelCredentials({ upstream, logger, tls }: ChannelCredentialsOptions): ChannelCredentials {
  const plain = tls ? new TlsChannelCredentials(tls, upstream) : credentials.createInsecure();
  return limitConnect(plain, { upstream, logger });
}
