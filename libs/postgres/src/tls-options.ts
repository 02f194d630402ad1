import { CliError, type TlsIdentity } from '@orders/service';
import type { ConnectionOptions } from 'node:tls';
import type { TlsDemand } from './database-url.js';
import { readRootCertificates } from './root-certificates.js';

/**
 * The option `ssl` of pg for what a URL demands. The client certificate is that of `identity`. The CA is the one that the
 * URL names, or else that of `identity`, with which a URL without `sslmode` demands verify-full, and otherwise no TLS.
 *
 * pg reads its properties at each connection, so that a new certificate needs nothing else. Do not copy it: pg hides the
 * key from copies.
 *
 * @throws {CliError} when there is no CA to verify the server by
 */
export function tlsOptions(
  { mode, rootCertificate }: TlsDemand,
  identity: Pick<TlsIdentity, 'current'> | undefined,
): ConnectionOptions | false {
  const hasCa = identity !== undefined || rootCertificate !== undefined;
  const demanded = mode ?? (hasCa ? 'verify-full' : 'disable');
  if (demanded === 'disable') return false;
  if (demanded !== 'require' && !hasCa)
    throw new CliError(
      `sslmode=${demanded} in the URL of the database needs a CA: set TLS_CA_FILE, or sslrootcert in the URL`,
    );
  const readCa = rootCertificate === undefined ? () => identity?.current.ca : caOf(rootCertificate);
  return {
    minVersion: 'TLSv1.3',
    // libpq too verifies the CA of `require` when it has one.
    rejectUnauthorized: hasCa,
    ...(demanded !== 'verify-full' && { checkServerIdentity: () => undefined }),
    get ca() {
      return readCa();
    },
    get cert() {
      return identity?.current.cert;
    },
    get key() {
      return identity?.current.key;
    },
  };
}

/** Reads the file at each look, and goes on with its last good content while it is bad. */
function caOf(file: string): () => string | undefined {
  // The CAs that Node trusts by itself.
  if (file === 'system') return () => undefined;
  let last = readRootCertificates(file);
  return () => {
    try {
      last = readRootCertificates(file);
    } catch {
      // A connection that needs the new CA fails with its reason.
    }
    return last;
  };
}
