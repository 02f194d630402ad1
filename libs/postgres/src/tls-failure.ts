import { types } from 'node:util';

/** Codes of Node for a certificate of the server that it does not accept, and what is wrong with it. */
const REFUSED_CERTIFICATE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for other names',
  INVALID_PURPOSE: 'is not for servers',
  CERT_SIGNATURE_FAILURE: 'is not by the trusted CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is not by the trusted CA',
  SELF_SIGNED_CERT_IN_CHAIN: 'is not by the trusted CA',
  UNABLE_TO_GET_ISSUER_CERT: 'is not by the trusted CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is not by the trusted CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is not by the trusted CA',
};

/** An alert of the server: OpenSSL names it in the code, as in `ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED`. */
const ALERT = /^ERR_SSL_.+_ALERT_(\w+)$/;

/** Alerts of a server that does not accept the client's certificate. */
const REFUSED_OURS = /^(CERTIFICATE_\w+|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/;

/** Of pg. */
const NO_TLS = 'The server does not support SSL connections';

/** A connection to Postgres that TLS has prevented. The message says why, the code is that of its cause. */
class TlsFailure extends Error {
  override readonly name = 'TlsFailure';

  constructor(
    reason: string,
    readonly code: string,
    cause: Error,
  ) {
    super(`Postgres: ${reason}`, { cause });
  }
}

/** @returns an error with the reason in one line when TLS is to blame, else the error itself */
export function explainTlsFailure(error: unknown): unknown {
  if (!types.isNativeError(error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const reason = reasonOf(error, code);
  return reason === undefined ? error : new TlsFailure(reason, code, error);
}

function reasonOf({ message }: Error, code: string): string | undefined {
  if (message === NO_TLS)
    return 'the server has TLS off: set ssl = on there, or sslmode=disable in the URL to do without';
  const wrong = REFUSED_CERTIFICATE[code];
  if (wrong !== undefined) return `the certificate of the server ${wrong} (${message})`;
  const [, alert = ''] = ALERT.exec(code) ?? [];
  if (REFUSED_OURS.test(alert)) return `the server refuses our certificate, of TLS_CERT_FILE (${code})`;
  return code.startsWith('ERR_SSL_') ? `the TLS handshake failed (${code})` : undefined;
}
