import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

/** One way to come by a program. */
export interface Finder {
  /** Where it looks, for messages. */
  where: string;
  /** Path of the binary; undefined when there is none. @throws when the way fails, with the reason */
  find(signal?: AbortSignal): Promise<string | undefined>;
  /** The user asked for this one: when it does not work nothing else is tried. */
  decisive?: boolean;
}

export interface Search {
  finders: readonly Finder[];
  /** @throws with the reason when this binary is not to be used */
  check: (binary: string) => Promise<void>;
  /** Told what is being tried. */
  onTry?: ((where: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** No way led to a binary that works; the message says where it was looked for and what was wrong. */
export class NoBinary extends Error {
  override name = 'NoBinary';
}

/**
 * The first binary that is there and passes the check.
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

/** The first folder of a PATH that has it. */
export async function onPath(name: string, path = ''): Promise<string | undefined> {
  for (const folder of path.split(':')) {
    const candidate = await executable(join(folder, name));
    if (candidate !== undefined) return candidate;
  }
  return undefined;
}

/** The file itself when it can be run. */
export async function executable(file: string): Promise<string | undefined> {
  return access(file, constants.X_OK).then(
    () => file,
    () => undefined,
  );
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
