import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../bootstrap/lock.mjs';
import { Problem } from '../bootstrap/problem.mjs';
import { LOCAL } from './stack/paths.ts';

/** How long a start that was killed may still hold the lock. */
const NOTICE_MS = 1000;
const LONGEST_STOP_MS = 45_000;

/**
 * Takes the lock on .local: one start or reset at a time. Waits for a start that is stopping.
 * @throws Problem when the system runs
 */
export async function startLock(folder = LOCAL): Promise<{ stopping: () => void; release: () => void }> {
  const path = join(folder, 'start.lock');
  const stoppingPath = join(folder, 'stopping');
  const began = performance.now();
  let announced = false;
  for (;;) {
    const lock = tryLock(path);
    if ('release' in lock) {
      const clear = (): void => rmSync(stoppingPath, { force: true });
      clear(); // from a start that was killed while stopping
      const release = (): void => {
        clear();
        lock.release();
      };
      return { stopping: () => leaveNote(stoppingPath), release };
    }
    const { pid, since } = lock.holder;
    const waited = performance.now() - began;
    if (waited > (existsSync(stoppingPath) ? LONGEST_STOP_MS : NOTICE_MS))
      throw new Problem(`npm start is running (pid ${pid}, since ${since}): stop it first.`);
    if (existsSync(stoppingPath) && !announced)
      console.error(`… waiting for the last start (pid ${pid}) to stop`);
    announced ||= existsSync(stoppingPath);
    await delay(100);
  }
}

/** Tells those who wait for the lock that it is about to be released. Without its folder nobody waits. */
function leaveNote(path: string): void {
  if (existsSync(dirname(path))) writeFileSync(path, '');
}
