import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '@orders/dev/bootstrap/lock.mjs';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';

/** Shared by all clones of one user: nobody can remove the lock that a dead run of another user has left. */
const LOCK = join(tmpdir(), `orders-prove-${process.getuid?.() ?? 'any'}.lock`);

/**
 * Runs the work while no other proof of this user runs: each would unmount the other's disks as leftovers.
 * @throws Problem naming the process of the running proof
 */
export async function alone<T>(work: () => Promise<T>, path = LOCK): Promise<T> {
  const lock = tryLock(path);
  if ('holder' in lock) {
    const { pid, since } = lock.holder;
    throw new Problem(
      `another npm run prove of yours is running (pid ${pid}, since ${since}): one at a time for each user.`,
    );
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
