import { certificatesIn, unreadable } from '@orders/service';
import { readFileSync } from 'node:fs';

/**
 * Reads a file of CA certificates.
 *
 * @returns its text
 * @throws with a reason that follows the name of the file: `is not PEM`
 */
export function readRootCertificates(file: string): string {
  const pem = contentOf(file);
  certificatesIn(pem);
  return pem;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(error);
  }
}
