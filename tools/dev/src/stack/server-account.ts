import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';

/** The account that Postgres runs as when we are root: it refuses to run as root. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** Every account can reach it. The servers of root keep their data here when they cannot reach the clone, as below /root. */
export const OPEN_FOLDER = '/var/lib/orders-platform';

/** undefined for an ordinary user: the server then simply runs as that user. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number.parseInt(spawnSync('id', [flag, name]).stdout.toString(), 10),
    );
    if (uid && gid) return { name, uid, gid };
  }
  throw new Problem(
    'Postgres refuses to run as root and there is no account "postgres" or "nobody": run as another user.',
  );
}

/** True when that account may pass through all of these folders. */
export function canReach({ uid, gid }: Account, folders: readonly string[]): boolean {
  return folders.every(
    (folder) => spawnSync('test', ['-x', `${folder}/.`], { uid, gid, cwd: '/' }).status === 0,
  );
}

/** A folder that any account can reach, the same one each time for the same place. */
export function openFolderFor(place: string): string {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12);
  return join(OPEN_FOLDER, `${basename(place)}-${hash}`);
}
