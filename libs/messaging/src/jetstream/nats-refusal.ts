import { AuthorizationError, TimeoutError, UserAuthenticationExpiredError } from '@nats-io/transport-node';

/** What an attempt to connect was made with, for the reason of its failure. */
export interface NatsAttempt {
  /** As whom; undefined = by nothing but perhaps a certificate. */
  readonly who: string | undefined;
  /** The name in the client's certificate; undefined = none was shown. */
  readonly certificate: string | undefined;
  /** When that certificate has expired; undefined = it has not. */
  readonly expiredAt?: Date | undefined;
  /** Whether the server had shown a certificate that this client takes. */
  readonly isTlsAccepted: boolean;
}

/** Codes with which OpenSSL and Node refuse a certificate, or a peer refuses ours. */
const TLS_FAILURE =
  /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_(CA|PURPOSE)|HOSTNAME_|EPROTO)/;
/** An alert of the server about the client's certificate. */
const REFUSED_CERTIFICATE = /_ALERT_(.*CERTIFICATE|UNKNOWN_CA)/;
const UNKNOWN_CA = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/;

/**
 * Why a server does not let this process in, in one line; undefined when it could not be reached, which passes by itself.
 *
 * @param error what the attempt to connect threw
 */
export function refusalOf(error: unknown, attempt: NatsAttempt): string | undefined {
  // Not by its class: what node:tls throws comes from another realm in tests.
  for (let cause = error as Partial<Error> | undefined; cause; cause = cause.cause as Partial<Error>) {
    const reason = ownReason(cause, attempt);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** The server has no TLS, although the client demanded it. */
export function isPlainServer(error: unknown): boolean {
  return error instanceof Error && error.message.includes("does not support 'tls'");
}

function ownReason(error: Partial<Error>, attempt: NatsAttempt): string | undefined {
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError)
    return `NATS refuses ${describe(attempt)}: ${error.message}`;
  if (isPlainServer(error)) return 'NATS has no TLS, which tls:// in NATS_URL or NATS_CA_FILE demands';
  const code = 'code' in error ? String(error.code) : '';
  if (UNKNOWN_CA.test(code))
    return `the CA of the certificate of NATS is not in NATS_CA_FILE or TLS_CA_FILE (${code})`;
  if (REFUSED_CERTIFICATE.test(code)) return `NATS refuses ${describe(attempt)} (${code})`;
  if (TLS_FAILURE.test(code)) return `no TLS with NATS: ${error.message} (${code})`;
  // In TLS 1.3 a server refuses a client's certificate after the client has taken its own.
  if (error instanceof TimeoutError && attempt.isTlsAccepted)
    return `NATS does not answer after the TLS handshake: does it take ${describe(attempt)}?`;
  return undefined;
}

function describe({ who, certificate, expiredAt }: NatsAttempt): string {
  const shown = `the certificate of ${certificate}`;
  // Whoever it is by password, a server that asks for certificates takes none that has expired.
  if (certificate !== undefined && expiredAt) return `${shown}, which expired at ${expiredAt.toISOString()}`;
  if (who !== undefined) return who;
  return certificate === undefined ? 'a client with neither user nor certificate' : shown;
}
