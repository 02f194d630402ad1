import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '@orders/dev/bootstrap/lock.mjs';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';

/** Shared by all clones; by user, because nobody can clear away the lock that another user's dead run has left. */
const LOCK = join(tmpdir(), `orders-prove-${process.getuid?.() ?? 'any'}.lock`);

/**
 * Does what no other proof may be running beside: it would unmount our disks as leftovers, and we its.
 * @throws Problem naming the process that proves already
 */
export async function alone<T>(work: () => Promise<T>, path = LOCK): Promise<T> {
  const lock = tryLock(path);
  if ('holder' in lock) {
    const { pid, since } = lock.holder;
    throw new Problem(
      `npm run prove of yours is running (pid ${pid}, since ${since}): one at a time for each user.`,
    );
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
