import { join } from 'node:path';
import { Problem } from '../../bootstrap/problem.mjs';
import { ROOT } from './paths.ts';
import { CommandFailed, run } from './run.ts';

/** Runs Nx without its daemon and plugin workers: no process is left when it ends. */
export function nx(
  args: string[],
  options: { signal?: AbortSignal | undefined; onLine?: (line: string) => void } = {},
) {
  const env = { ...process.env, NX_DAEMON: 'false', NX_ISOLATE_PLUGINS: 'false', NX_TUI: 'false' };
  return run(join(ROOT, 'node_modules/.bin/nx'), args, { cwd: ROOT, env, ...options });
}

/**
 * Bundles every app; what has not changed comes from the cache.
 * @throws Problem with what the bundler printed
 */
export async function build(signal?: AbortSignal): Promise<void> {
  try {
    await nx(['run-many', '-t', 'build', '--output-style=static'], { signal });
  } catch (error) {
    if (error instanceof CommandFailed)
      throw new Problem(`The build failed:\n${error.output}`, { cause: error });
    throw error;
  }
}
