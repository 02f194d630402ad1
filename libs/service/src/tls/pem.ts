import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

const BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n[A-Za-z0-9+/=\s:,-]*?^-----END \1-----\s*$/gm;

/**
 * The certificates of a PEM text, at least one.
 *
 * @throws with a reason that follows the name of the file: `is cut off`. OpenSSL itself leaves a block out that it cannot
 * read.
 */
export function certificatesIn(text: string): [X509Certificate, ...X509Certificate[]] {
  const blocks = blocksIn(text).filter(({ label }) => label === 'CERTIFICATE');
  const [first, ...others] = blocks.map(({ block }, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new Error(`has no readable certificate in its block ${index + 1}`, { cause });
    }
  });
  if (!first) throw new Error('has no certificate');
  return [first, ...others];
}

/**
 * The private key of a PEM text.
 *
 * @throws with a reason that follows the name of the file
 */
export function privateKeyIn(text: string): KeyObject {
  const labels = blocksIn(text).map(({ label }) => label);
  if (!labels.some((label) => label.endsWith('PRIVATE KEY'))) throw new Error('has no private key');
  if (labels.includes('ENCRYPTED PRIVATE KEY')) throw new Error('has an encrypted key');
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new Error('has no readable private key', { cause });
  }
}

function blocksIn(text: string): { label: string; block: string }[] {
  const begun = text.split('-----BEGIN ').length - 1;
  if (begun === 0) throw new Error(text.trim() === '' ? 'is empty' : 'is not PEM');
  const blocks = [...text.matchAll(BLOCK)].map(([block, label = '']) => ({ label, block }));
  if (blocks.length !== begun) throw new Error('is cut off, or not PEM');
  return blocks;
}
