import { X509Certificate } from 'node:crypto';
import { TlsIdentity } from '../tls/tls-identity.js';
import type { TlsMaterial } from '../tls/tls-material.js';
import type { CertificateAuthority, CertificateOptions } from './certificates.js';

/** A certificate for `name`, localhost and 127.0.0.1, whose owner trusts the CA that issued it and no other. */
export async function someMaterial(
  name: string,
  ca: CertificateAuthority,
  options?: CertificateOptions,
): Promise<TlsMaterial> {
  const { cert, key } = await ca.issue([name, 'localhost', '127.0.0.1'], options);
  return { cert, key, ca: ca.cert, notAfter: new X509Certificate(cert).validToDate };
}

/** {@link someMaterial} as identity; `replace` rotates it. */
export async function someIdentity(
  name: string,
  ca: CertificateAuthority,
  options?: CertificateOptions,
): Promise<TlsIdentity> {
  return new TlsIdentity(name, await someMaterial(name, ca, options));
}
