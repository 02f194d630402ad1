import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { build } from '@orders/dev/stack/build';
import { APPS, readDeclarations } from '@orders/dev/stack/declarations';
import { folderOfRun, ROOT } from '@orders/dev/stack/paths';
import { CommandFailed, run } from '@orders/dev/stack/run';
import type { Bench } from './bench.ts';

/** A commit, and the folder that it is checked out and built in. */
export interface OtherBuild {
  /** Its abbreviated hash and its subject. */
  commit: string;
  /** For `startSystem`. */
  root: string;
}

/** Installs what the lockfile names unless it is there already, by the commit's own installer. */
const INSTALL = `
  const { ensureInstalled } = await import(process.cwd() + '/tools/dev/bootstrap/install.mjs');
  await ensureInstalled(process.cwd());`;

/**
 * Checks a commit out below `.local`, builds its apps there, and removes it all when the work is done, has failed or was
 * stopped. The packages of this workspace are linked into it; when its lockfile names others, it installs its own.
 * @throws Problem when there is no such commit, its apps are others than those here, or it cannot be built
 */
export async function withBuildOf<T>(
  bench: Bench,
  revision: string,
  work: (other: OtherBuild) => Promise<T>,
): Promise<T> {
  const { signal } = bench;
  const commit = await describe(revision);
  const root = join(folderOfRun('compare'), 'workspace');
  try {
    await bench.step(`building ${commit}`, async (step) => {
      step.update('git worktree');
      await git(['worktree', 'add', '--detach', '--quiet', root, `${revision}^{commit}`]);
      refuseOtherApps(root, commit);
      step.update('packages');
      await install(root, signal);
      step.update('apps');
      await build(signal, { root });
    });
    return await work({ commit, root });
  } finally {
    rmSync(join(root, '..'), { recursive: true, force: true });
    await git(['worktree', 'prune']);
  }
}

async function describe(revision: string): Promise<string> {
  try {
    return (await git(['log', '-1', '--format=%h %s', '--end-of-options', `${revision}^{commit}`])).trim();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Problem(`git knows no commit "${revision}".`, { cause: error });
  }
}

function refuseOtherApps(root: string, commit: string): void {
  const namesOf = (apps: typeof APPS): string => apps.map(({ name }) => name).join(', ');
  const [here, there] = [namesOf(APPS), namesOf(readDeclarations(root))];
  if (here !== there) throw new Problem(`${commit} cannot be compared: its apps are ${there}, here ${here}.`);
}

async function install(root: string, signal: AbortSignal): Promise<void> {
  await run('cp', ['-al', join(ROOT, 'node_modules'), join(root, 'node_modules')], { signal });
  await run(process.execPath, ['--input-type=module', '--eval', INSTALL], { cwd: root, signal });
}

/** Without the hooks of the workspace. It is not aborted: the folders of git stay whole. */
function git(args: string[]): Promise<string> {
  return run('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd: ROOT });
}
