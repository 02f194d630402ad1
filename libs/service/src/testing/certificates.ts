// x509 needs it.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type GeneralNameType,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

/** A certificate and its private key, as PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Default: an hour ago, so that a clock that is a little behind takes it. */
  notBefore?: Date;
  /** Default: in a year; a CA: in ten. */
  notAfter?: Date;
  /** What the certificate may be used for (extended key usage). Default: both. */
  usages?: readonly ('client' | 'server')[];
}

/** A certificate authority for tests and development. Its key lives in memory, unless {@link key} is stored. */
export class CertificateAuthority {
  /** The certificate as PEM: what those who trust this CA have in their CA file. */
  readonly cert: string;
  readonly #certificate: X509Certificate;
  readonly #keys: CryptoKeyPair;

  private constructor(certificate: X509Certificate, keys: CryptoKeyPair) {
    this.cert = pem(certificate);
    this.#certificate = certificate;
    this.#keys = keys;
  }

  /** Makes a root CA. */
  static async create(name: string, options: CertificateOptions = {}): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      ...common(options, 3_650),
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: await caExtensions(keys.publicKey),
    });
    return new CertificateAuthority(certificate, keys);
  }

  /** Makes an intermediate CA, signed by this one. */
  async intermediate(name: string, options: CertificateOptions = {}): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const extensions = await caExtensions(keys.publicKey);
    const certificate = await this.#sign(`CN=${name}`, keys, { ...common(options, 3_650), extensions });
    return new CertificateAuthority(certificate, keys);
  }

  /** Issues a certificate for these DNS names and IP addresses. The first one is also the CN. */
  async issue(
    names: readonly [string, ...string[]],
    options: CertificateOptions = {},
  ): Promise<CertifiedKey> {
    const keys = await newKeys();
    const usages = options.usages ?? ['client', 'server'];
    const extensions = [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension(
        usages.map((usage) => ExtendedKeyUsage[usage === 'client' ? 'clientAuth' : 'serverAuth']),
      ),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: (isIP(value) ? 'ip' : 'dns') satisfies GeneralNameType, value })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    const certificate = await this.#sign(`CN=${names[0]}`, keys, { ...common(options, 365), extensions });
    return { cert: pem(certificate), key: await pemOfKey(keys.privateKey) };
  }

  /** The private key of this CA, as PEM (PKCS #8). */
  key(): Promise<string> {
    return pemOfKey(this.#keys.privateKey);
  }

  async #sign(
    subject: string,
    keys: CryptoKeyPair,
    { extensions, ...rest }: ReturnType<typeof common> & { extensions: Extension[] },
  ): Promise<X509Certificate> {
    return X509CertificateGenerator.create({
      ...rest,
      subject,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [...extensions, await AuthorityKeyIdentifierExtension.create(this.#certificate)],
    });
  }
}

function common({ notBefore, notAfter }: CertificateOptions, days: number) {
  return {
    // Positive, and not shorter than a serial number should be.
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: notBefore ?? new Date(Date.now() - 3_600_000),
    notAfter: notAfter ?? new Date(Date.now() + days * DAY_MS),
  };
}

async function caExtensions(publicKey: CryptoKey): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

async function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function pemOfKey(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
