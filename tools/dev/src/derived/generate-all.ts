import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nx } from '../stack/build.ts';
import { ROOT } from '../stack/paths.ts';
import { writeDerivedFiles } from './derived-files.ts';

/** Folders with what the targets `generate` make: of contracts, from .proto, events and declaration; and of charts. */
const GENERATED = [
  'helm',
  'libs/contracts/rpc/src/gen',
  'libs/contracts/events/schemas',
  'libs/contracts/schemas',
];

/**
 * Generates all committed files that are generated.
 * @returns the files that changed
 * @throws Problem when a declaration is wrong; CommandFailed with what a generator printed
 */
export async function generateAll(signal?: AbortSignal): Promise<string[]> {
  const derived = writeDerivedFiles();
  const before = hashes();
  await nx(['run-many', '-t', 'generate'], { signal });
  const after = hashes();
  const files = [...new Set([...before.keys(), ...after.keys()])];
  return [...derived, ...files.filter((file) => before.get(file) !== after.get(file))];
}

function hashes(): Map<string, string> {
  const entries = GENERATED.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    ),
  );
  return new Map(
    entries.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return [file.slice(ROOT.length + 1), createHash('sha256').update(readFileSync(file)).digest('hex')];
    }),
  );
}
