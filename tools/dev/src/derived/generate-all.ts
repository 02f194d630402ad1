import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nx } from '../stack/build.ts';
import { ROOT } from '../stack/paths.ts';

const GENERATED = ['libs/contracts/src/gen', 'libs/contracts/schemas'];

/**
 * Generates the contracts anew and compares: whoever changes the .proto or an event commits what it generates.
 * @throws with the names of the files that differ
 */
export async function assertNoDrift(signal: AbortSignal): Promise<void> {
  const before = hashes();
  await nx(['run', 'contracts:generate'], { signal });
  const after = hashes();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  if (changed.length > 0)
    throw new Error(`Generated code was not up to date; it is now, commit it: ${changed.join(', ')}`);
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
