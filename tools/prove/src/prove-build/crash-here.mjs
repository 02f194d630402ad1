// Loaded into each app of a prove build before everything else: its crash points call this.
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.PROVE_CRASH_POINTS ?? '';

/**
 * Dies at once, as by `kill -9`, when the harness has left a file with the name of the place; of several processes
 * that come by, one does.
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
