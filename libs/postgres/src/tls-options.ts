import { CliError, type RenewedFile, type TlsIdentity } from '@orders/service';
import type { ConnectionOptions } from 'node:tls';
import type { TlsDemand } from './database-url.js';

/**
 * The option `ssl` of pg for what a URL demands. The client certificate is that of `identity`. The CA is the one that the
 * URL names, or else that of `identity`, with which a URL without `sslmode` demands verify-full, and otherwise no TLS.
 *
 * pg reads its properties at each connection, so that a new certificate needs nothing else. Do not copy it: pg hides the
 * key from copies.
 *
 * @param rootCertificates the content of the file that the URL names
 * @throws {CliError} when there is no CA to verify the server by
 */
export function tlsOptions(
  { mode, rootCertificate }: TlsDemand,
  identity: Pick<TlsIdentity, 'current'> | undefined,
  rootCertificates?: Pick<RenewedFile<string>, 'current'>,
): ConnectionOptions | false {
  const hasCa = identity !== undefined || rootCertificate !== undefined;
  const demanded = mode ?? (hasCa ? 'verify-full' : 'disable');
  if (demanded === 'disable') return false;
  if (demanded !== 'require' && !hasCa)
    throw new CliError(
      `sslmode=${demanded} in the URL of the database needs a CA: set TLS_CA_FILE, or sslrootcert in the URL`,
    );
  // With `system`: those that Node trusts by itself.
  const readCa = rootCertificate === undefined ? () => identity?.current.ca : () => rootCertificates?.current;
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
