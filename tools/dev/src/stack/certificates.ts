import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority, type CertifiedKey } from '@orders/service/testing/certificates';
import { publishTls, type Tls, tlsFilesIn } from './tls-files.ts';

const DAY_MS = 86_400_000;
/** Longer than anybody lets `npm start` run. */
const LIFE_DAYS = 90;

/**
 * The certificates of one running system: a CA of its own and a leaf for each app and server. They are made anew at each
 * start, and the key of the CA is never written anywhere: nothing expires between two starts, and nobody can issue more.
 */
export class Certificates {
  readonly #folder: string;
  #authority: CertificateAuthority;
  /** What every CA file has: the CA, and during a rotation the next one too. */
  #trusted: string;
  readonly #leaves = new Map<string, CertifiedKey>();

  private constructor(folder: string, authority: CertificateAuthority) {
    this.#folder = folder;
    this.#authority = authority;
    this.#trusted = authority.cert;
  }

  /**
   * @param folder for the files; those of an earlier start are removed
   * @param names of the identities: each is the CN and the first DNS name of a leaf, which is for both ends of a connection
   */
  static async create(folder: string, names: readonly string[]): Promise<Certificates> {
    rmSync(folder, { recursive: true, force: true });
    const certificates = new Certificates(folder, await newAuthority());
    await certificates.#issue(names);
    return certificates;
  }

  /** The paths of a leaf. @throws when there is none of that name */
  filesOf(name: string): Tls {
    if (!this.#leaves.has(name)) throw new Error(`no certificate of ${name}`);
    return tlsFilesIn(join(this.#folder, name));
  }

  /**
   * Replaces the CA and every leaf, in three steps that each leave every two processes able to connect: the next CA is
   * trusted beside the old one; leaves of the next one; the old one is trusted no more.
   *
   * @param step called after each, when the files have changed; resolves once every process has taken them
   */
  async rotate(step: () => Promise<void>): Promise<void> {
    const next = await newAuthority();
    this.#trust(this.#authority.cert + next.cert);
    await step();
    this.#authority = next;
    await this.#issue([...this.#leaves.keys()]);
    await step();
    this.#trust(next.cert);
    await step();
  }

  async #issue(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const local = [name, 'localhost', '127.0.0.1'] as const;
      this.#leaves.set(name, await this.#authority.issue(local, { notAfter: endOfLife() }));
    }
    this.#publish();
  }

  #trust(certificates: string): void {
    this.#trusted = certificates;
    this.#publish();
  }

  #publish(): void {
    for (const [name, leaf] of this.#leaves)
      publishTls(join(this.#folder, name), { ...leaf, ca: this.#trusted });
  }
}

function newAuthority(): Promise<CertificateAuthority> {
  return CertificateAuthority.create('Orders platform, this machine', { notAfter: endOfLife() });
}

function endOfLife(): Date {
  return new Date(Date.now() + LIFE_DAYS * DAY_MS);
}
