import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../bootstrap/lock.mjs';
import { Problem } from '../bootstrap/problem.mjs';
import { LOCAL } from './stack/paths.ts';

const LOCK = join(LOCAL, 'start.lock');
const STOPPING = join(LOCAL, 'stopping');

/** How long a start that was killed may need to notice it. */
const NOTICE_MS = 1000;
const LONGEST_STOP_MS = 45_000;

/**
 * The one lock on .local: one start or reset at a time. One that is just stopping is waited for.
 * @throws Problem when the system runs
 */
export async function startLock(): Promise<{ stopping: () => void; release: () => void }> {
  const began = performance.now();
  let told = false;
  for (;;) {
    const lock = tryLock(LOCK);
    if ('release' in lock) {
      const clear = (): void => rmSync(STOPPING, { force: true });
      clear(); // from a start that was killed while stopping
      const release = (): void => {
        clear();
        lock.release();
      };
      return { stopping: () => writeFileSync(STOPPING, ''), release };
    }
    const { pid, since } = lock.holder;
    const waited = performance.now() - began;
    if (waited > (existsSync(STOPPING) ? LONGEST_STOP_MS : NOTICE_MS))
      throw new Problem(`npm start is running (pid ${pid}, since ${since}): stop it first.`);
    if (existsSync(STOPPING) && !told) console.error(`… waiting for the last start (pid ${pid}) to stop`);
    told ||= existsSync(STOPPING);
    await delay(100);
  }
}
