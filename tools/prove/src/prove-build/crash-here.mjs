// Loaded into each app of a prove build before everything else: its crash points call this.
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.PROVE_CRASH_POINTS ?? '';

/**
 * Ends this process at once, as `kill -9` does, when the harness has left a file with the name of the place. Of several
 * processes that reach the place, one dies.
 *
 * @param {string} place
 */
globalThis.crashAt = (place) => {
  const armed = join(folder, place);
  if (!existsSync(armed)) return;
  try {
    unlinkSync(armed);
  } catch {
    return; // another process was faster
  }
  process.kill(process.pid, 'SIGKILL');
};
