import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

/** One way to find a program. */
export interface Finder {
  /** Where it looks, for messages. */
  where: string;
  /** Path of the binary; undefined when there is none. @throws with the reason when it fails */
  find(signal?: AbortSignal): Promise<string | undefined>;
  /** The user chose this one: when it fails, no other is tried. */
  decisive?: boolean;
}

export interface Search {
  finders: readonly Finder[];
  /** @throws with the reason when this binary is not to be used */
  check: (binary: string) => Promise<void>;
  /** Called with the place that is tried. */
  onTry?: ((where: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** No finder has a binary that works; the message names each place with the reason. */
export class NoBinary extends Error {
  override name = 'NoBinary';
}

/**
 * Returns the first binary that exists and passes the check.
 * @throws NoBinary, or the signal's reason
 */
export async function firstThatWorks({ finders, check, onTry, signal }: Search): Promise<string> {
  const reasons: string[] = [];
  for (const finder of finders) {
    signal?.throwIfAborted();
    onTry?.(finder.where);
    try {
      const binary = await finder.find(signal);
      if (binary === undefined) throw new Error('none');
      await check(binary);
      return binary;
    } catch (error) {
      signal?.throwIfAborted();
      reasons.push(`${finder.where}: ${firstLine(error)}`);
      if (finder.decisive) break;
    }
  }
  throw new NoBinary(reasons.join('; '));
}

/** The path of a program in the first folder of a PATH that has it. */
export async function onPath(name: string, path = ''): Promise<string | undefined> {
  for (const folder of path.split(':')) {
    const candidate = await executable(join(folder, name));
    if (candidate !== undefined) return candidate;
  }
  return undefined;
}

/** The file itself when it is executable, else undefined. */
export async function executable(file: string): Promise<string | undefined> {
  return access(file, constants.X_OK).then(
    () => file,
    () => undefined,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
