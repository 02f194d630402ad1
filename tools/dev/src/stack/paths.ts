import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { folderOrElse } from '../../bootstrap/folders.mjs';

/** The workspace. */
export const ROOT = resolve(import.meta.dirname, '../../../..');

/** State of `npm start`; ignored by git, wiped by `npm run reset`. */
export const LOCAL = join(ROOT, '.local');

/** Folder for downloads that can be fetched again: shared by all clones of a user when the user's home is writable. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const shared = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'orders-platform');
  return folderOrElse(shared, join(LOCAL, 'cache'));
}

/** Where one run of a tool keeps its data and logs: named by the time it began at, and by `suffix`. */
export function folderOfRun(tool: string, suffix = ''): string {
  return join(LOCAL, tool, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}${suffix}`);
}
