/** A certificate, its key and the CAs that its owner trusts, as PEM. They were checked to belong together. */
export interface TlsMaterial {
  /** The certificate, followed by those of intermediate CAs. */
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  /** When the certificate, or the first of the CAs above it, expires. */
  readonly notAfter: Date;
}
