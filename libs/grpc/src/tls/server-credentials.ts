import { ServerCredentials } from '@grpc/grpc-js';
import type { TlsIdentity, TlsMaterial } from '@orders/service';
import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** Time for a handshake, in ms; Node's default is two minutes. */
const HANDSHAKE_MS = 5_000;

/**
 * Mutual TLS 1.3 for a gRPC server: each connection uses the certificate and the CAs of the moment at which it begins, and
 * a client without a certificate of a CA is refused. Nothing can be resumed, so that a client of a CA that was removed
 * does not come back by a session from before.
 *
 * The certificate providers of grpc-js 1.14 do the same, but have no certificate yet when the server begins to listen, and
 * allow TLS 1.2.
 */
export class TlsServerCredentials extends ServerCredentials {
  constructor(tls: TlsIdentity) {
    super(
      { requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS },
      optionsOf(tls.current),
    );
    tls.onChange((material) => this.updateSecureContextOptions(optionsOf(material)));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

/** All of it, because a server forgets what a change leaves out. */
function optionsOf({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET };
}
