import type { KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { FileTexts } from '../files/read-files.js';
import { certificatesIn, privateKeyIn } from './pem.js';
import { type TlsFiles, VARIABLES } from './tls-config.js';
import type { TlsMaterial } from './tls-material.js';

type Kind = keyof TlsFiles;

export type TlsTexts = FileTexts<Kind>;

/** Material that can be used, or why it cannot: each problem as `TLS_KEY_FILE /etc/tls/tls.key: is not PEM`. */
export type CheckedMaterial =
  { material: TlsMaterial; problems?: never } | { material?: never; problems: readonly string[] };

/** OIDs of extended key usages (RFC 5280, 4.2.1.12). */
const USAGES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;

/** What a certificate must be for. */
export interface Demands {
  /** The DNS name that it must have. Default: any. */
  readonly name?: string | undefined;
  /** Whether a server shows it, to clients that check that. Default false. */
  readonly isServer?: boolean;
}

/**
 * Checks that certificate, key and CAs belong together and are valid now, as every peer will. OpenSSL itself takes a cut
 * CA file, and then refuses every peer.
 */
export function checkMaterial(files: TlsFiles, texts: TlsTexts, demands: Demands): CheckedMaterial {
  const problems: string[] = [];
  const refuse = (kind: Kind, reason: string) =>
    void problems.push(`${VARIABLES[kind]} ${files[kind]}: ${reason}`);
  const parse = <T>(kind: Kind, parser: (text: string) => T): T | undefined => {
    try {
      const text = texts[kind];
      if (text instanceof Error) throw text;
      return parser(text);
    } catch (error) {
      refuse(kind, (error as Error).message);
      return undefined;
    }
  };
  const chain = parse('cert', certificatesIn);
  const key = parse('key', privateKeyIn);
  const cas = parse('ca', certificatesIn);
  if (!chain || !key || !cas) return { problems };
  for (const reason of leafProblems(chain[0], demands)) refuse('cert', reason);
  if (!chain[0].checkPrivateKey(key)) refuse('key', `is not the key of ${files.cert}`);
  const path = pathToRoot(chain[0], [...chain.slice(1), ...cas], cas);
  if (!path) refuse('cert', `is not signed by a CA of ${files.ca} that is valid now`);
  const material = { cert: texts.cert as string, key: texts.key as string, ca: texts.ca as string };
  if (problems.length === 0) parse('cert', () => useIn(material, key));
  if (problems.length > 0 || !path) return { problems };
  const notAfter = new Date(Math.min(...path.map(({ validToDate }) => validToDate.getTime())));
  return { material: { ...material, notAfter } };
}

function leafProblems(leaf: X509Certificate, { name, isServer = false }: Demands): string[] {
  const now = new Date();
  const named =
    name === undefined || leaf.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
  return [
    ...(leaf.validToDate <= now ? [`expired at ${leaf.validToDate.toISOString()}`] : []),
    ...(leaf.validFromDate > now ? [`is not valid before ${leaf.validFromDate.toISOString()}`] : []),
    ...(named ? [] : [`does not have the DNS name ${name}`]),
    ...missingUsages(leaf, isServer ? ['clientAuth', 'serverAuth'] : ['clientAuth']).map(
      (usage) => `has an extended key usage without ${usage}`,
    ),
  ];
}

/** None when the certificate restricts nothing: then it lacks the property. */
function missingUsages({ keyUsage }: Partial<X509Certificate>, wanted: readonly (keyof typeof USAGES)[]) {
  return keyUsage === undefined ? [] : wanted.filter((usage) => !keyUsage.includes(USAGES[usage]));
}

/**
 * A certificate, its CA, and so on up to a root among `trusted`.
 *
 * @returns undefined when there is no such path of CAs that are valid now
 */
function pathToRoot(
  certificate: X509Certificate,
  known: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const isRoot = trusted.some(({ raw }) => raw.equals(certificate.raw)) && signs(certificate, certificate);
  if (isRoot) return [certificate];
  const others = known.filter(({ raw }) => !raw.equals(certificate.raw));
  for (const ca of others.filter((other) => isValid(other) && signs(other, certificate))) {
    const path = pathToRoot(ca, others, trusted);
    if (path) return [certificate, ...path];
  }
  return undefined;
}

function isValid({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = new Date();
  return validFromDate <= now && now < validToDate;
}

function signs(ca: X509Certificate, certificate: X509Certificate): boolean {
  return ca.ca && certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

/** OpenSSL's own opinion, such as `ee key too small`. */
function useIn({ cert, ca }: Omit<TlsMaterial, 'notAfter'>, key: KeyObject): void {
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  try {
    createSecureContext({ cert, ca, key: pem, minVersion: 'TLSv1.3' });
  } catch (cause) {
    throw new Error(`cannot be used: ${(cause as Error).message}`, { cause });
  }
}
