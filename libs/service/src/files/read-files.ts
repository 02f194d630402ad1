import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** The text of each file, or the error that reading it gave, with a reason that follows the name of the file. */
export type FileTexts<Name extends string> = Readonly<Record<Name, string | Error>>;

const REASONS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this process',
  EPERM: 'may not be read by this process',
  EISDIR: 'is a folder',
};

/**
 * Reads several files at once.
 *
 * @param paths of the files, by a name for each
 */
export async function readFiles<Name extends string>(
  paths: Readonly<Record<Name, string>>,
): Promise<FileTexts<Name>> {
  const entries = Object.entries<string>(paths).map(
    async ([name, path]) => [name, await readFile(path, 'utf8').catch(unreadable)] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as FileTexts<Name>;
}

/** @throws with a reason that follows the name of the file: `does not exist` */
export function readTextSync(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): Error {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new Error(REASONS[code] ?? `cannot be read: ${message}`, { cause });
}

/** Whether two readings of the files found the same. */
export function sameTexts<Name extends string>(one: FileTexts<Name>, other: FileTexts<Name>): boolean {
  return Object.entries(one).every(([name, text]) => String(text) === String(other[name as Name]));
}
