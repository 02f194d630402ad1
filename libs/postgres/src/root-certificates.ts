import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads a file of CA certificates in PEM. Node takes a file that is cut or empty without a word and then trusts nobody.
 *
 * @returns its text
 * @throws with the reason, when the file cannot be read, or one of its blocks is no certificate
 */
export function readRootCertificates(file: string): string {
  const pem = contentOf(file);
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0) throw new Error('there is no certificate in PEM in the file');
  if (blocks.length !== pem.split('-----BEGIN').length - 1)
    throw new Error('a certificate in the file is cut');
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new Error('a certificate in the file cannot be parsed', { cause });
    }
  }
  return pem;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`the file cannot be read (${code})`, { cause });
  }
}
