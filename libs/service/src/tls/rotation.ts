import { meter } from '@orders/instrumentation';
import { every } from '@orders/resilience';
import type { Logger } from 'pino';
import { checkMaterial, type TlsTexts } from './check-material.js';
import { readFiles, sameTexts } from './read-files.js';
import type { TlsFiles } from './tls-config.js';
import type { TlsIdentity } from './tls-identity.js';

/** Time between two readings of the files, in ms. */
const READ_EVERY_MS = 1_000;

/**
 * Replaces the material of an identity when its files change. It reads and compares them every second: that sees a change
 * in place as well as the symbolic links that Kubernetes swaps, on every file system, which events of the file system do
 * not. What two readings in a row have found is checked; so a file that is being written is waited for. Material that
 * cannot be used is logged once, and the old one stays in use.
 *
 * Metrics: `tls_certificate_expiry_seconds`, `tls_rotation_refused` and `tls_rotations_total`.
 */
export class Rotation {
  /** What the last reading found. */
  private last: TlsTexts;
  /** Why the files cannot be used; empty when they can. */
  private refused = '';
  private readonly taken = meter('tls').createCounter('tls.rotations', {
    description: 'Times that other certificates were taken into use',
  });
  /** Whether the end of the certificate in use was logged. */
  private expired = false;

  constructor(
    private readonly identity: TlsIdentity,
    private readonly files: TlsFiles,
    private readonly logger: Logger,
  ) {
    const { cert, key, ca } = identity.current;
    this.last = { cert, key, ca };
    this.measure();
  }

  /** Reads the files every second until the identity is closed. */
  run(): Promise<void> {
    const onError = (err: unknown) => this.logger.error({ err }, 'reading the certificates failed');
    return every(READ_EVERY_MS, () => this.read(), { signal: this.identity.closed, onError });
  }

  /** Reads the files once. */
  async read(): Promise<void> {
    const found = await readFiles(this.files);
    const settled = sameTexts(found, this.last);
    this.last = found;
    if (settled) this.settle(found);
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
    this.taken.add(0);
    const metrics = meter('tls');
    metrics
      .createObservableGauge('tls.certificate.expiry.seconds', {
        description: 'Seconds until the certificate in use, or a CA above it, expires; negative afterwards',
      })
      .addCallback((result) =>
        result.observe(Math.round((this.identity.current.notAfter.getTime() - Date.now()) / 1_000)),
      );
    metrics
      .createObservableGauge('tls.rotation.refused', {
        description:
          '1 while the certificate files cannot be used and older certificates stay in use, else 0',
      })
      .addCallback((result) => result.observe(this.refused === '' ? 0 : 1));
  }
}
