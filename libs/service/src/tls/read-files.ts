import { readFile } from 'node:fs/promises';
import type { TlsTexts } from './check-material.js';
import type { TlsFiles } from './tls-config.js';

const REASONS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this process',
  EPERM: 'may not be read by this process',
  EISDIR: 'is a folder',
};

/** Reads the three files. Never rejects: an error takes the place of its text, with a reason as message. */
export async function readFiles({ cert, key, ca }: TlsFiles): Promise<TlsTexts> {
  const [certText, keyText, caText] = await Promise.all([cert, key, ca].map(read));
  return { cert: certText ?? '', key: keyText ?? '', ca: caText ?? '' };
}

async function read(file: string): Promise<string | Error> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    return unreadable(cause);
  }
}

/** What the reading of a file threw, with a reason as message that follows the name of the file: `does not exist`. */
export function unreadable(cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new Error(REASONS[code] ?? `cannot be read: ${message}`, { cause });
}

/** Whether two readings of the files found the same. */
export function sameTexts(one: TlsTexts, other: TlsTexts): boolean {
  return (['cert', 'key', 'ca'] as const).every((kind) => String(one[kind]) === String(other[kind]));
}
