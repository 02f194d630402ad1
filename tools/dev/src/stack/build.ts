import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { ROOT } from './paths.ts';
import { CommandFailed, run } from './run.ts';

interface NxOptions {
  signal?: AbortSignal | undefined;
  onLine?: (line: string) => void;
  /** Another workspace. Default: this one. */
  root?: string;
}

/** Runs Nx without its daemon and plugin workers: no process is left when it ends. */
export function nx(args: string[], { root = ROOT, ...options }: NxOptions = {}) {
  const env = { ...process.env, NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', NX_TUI: 'false' };
  return run(join(root, 'node_modules/.bin/nx'), args, { cwd: root, env, ...options });
}

/**
 * Bundles apps of a workspace, by default every app of this one; what has not changed comes from the cache.
 * @throws Problem with what the bundler printed
 */
export async function build(
  signal?: AbortSignal,
  { root, apps }: { root?: string | undefined; apps?: readonly string[] } = {},
): Promise<void> {
  const projects = apps ? [`--projects=${apps.join(',')}`] : [];
  try {
    await nx(['run-many', '-t', 'build', '--output-style=static', ...projects], {
      signal,
      ...(root && { root }),
    });
  } catch (error) {
    if (error instanceof CommandFailed)
      throw new Problem(`The build failed:\n${error.output}`, { cause: error });
    throw error;
  }
}
