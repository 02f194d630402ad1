import { counter, observe } from '@orders/instrumentation';
import type { Logger } from 'pino';
import { FileWatch } from '../files/file-watch.js';
import { sameTexts } from '../files/read-files.js';
import { METRICS } from '../metric-definitions.js';
import { checkMaterial, type TlsTexts } from './check-material.js';
import type { TlsFiles } from './tls-config.js';
import type { TlsIdentity } from './tls-identity.js';

/**
 * Replaces the material of an identity when its files change ({@link FileWatch}). Material that cannot be used is logged
 * once, and the old one stays in use.
 *
 * Metrics: `tls_certificate_expiry_seconds`, `tls_rotation_refused` and `tls_rotations_total`.
 */
export class Rotation {
  private readonly watch: FileWatch<keyof TlsFiles>;
  /** Why the files cannot be used; empty when they can. */
  private refused = '';
  private readonly taken = counter(METRICS.tlsRotations);
  /** Whether the end of the certificate in use was logged. */
  private expired = false;

  constructor(
    private readonly identity: TlsIdentity,
    private readonly files: TlsFiles,
    private readonly logger: Logger,
  ) {
    const { cert, key, ca } = identity.current;
    this.watch = new FileWatch(files, { cert, key, ca }, (found) => this.settle(found));
    this.measure();
  }

  /** Reads the files every second until the identity is closed. */
  run(): Promise<void> {
    return this.watch.run(this.identity.closed, (err) =>
      this.logger.error({ err }, 'reading the certificates failed'),
    );
  }

  /** Reads the files once. */
  read(): Promise<void> {
    return this.watch.read();
  }

  private settle(found: TlsTexts): void {
    this.noticeExpiry();
    if (sameTexts(found, this.identity.current)) {
      this.refused = '';
      return;
    }
    // Checked each time while it is refused: what is not valid yet will be.
    const { material, problems } = checkMaterial(this.files, found, this.identity);
    if (!material) return this.refuse(problems.join('; '));
    this.refused = '';
    this.expired = false;
    this.identity.replace(material);
    this.taken.add(1);
    this.logger.info({ notAfter: material.notAfter.toISOString() }, 'new certificates are in use');
  }

  private refuse(reason: string): void {
    if (reason !== this.refused)
      this.logger.error(
        { reason },
        'the certificate files cannot be used: the certificates from before stay in use',
      );
    this.refused = reason;
  }

  private noticeExpiry(): void {
    const { notAfter } = this.identity.current;
    if (this.expired || notAfter > new Date()) return;
    this.expired = true;
    this.logger.error(
      { notAfter: notAfter.toISOString() },
      'the certificate in use has expired: peers refuse it',
    );
  }

  private measure(): void {
    const { tlsExpiry, tlsRefused } = METRICS;
    observe([tlsExpiry, tlsRefused], (set) => {
      set(tlsExpiry, Math.round((this.identity.current.notAfter.getTime() - Date.now()) / 1_000));
      set(tlsRefused, this.refused === '' ? 0 : 1);
    });
  }
}
