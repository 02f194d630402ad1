import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { Problem, report } from './problem.mjs';
import { runToEnd } from './run-to-end.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
const COMMANDS = ['start', 'verify', 'token', 'reset', 'cli'];

/**
 * Installs the packages when needed, then runs `tools/dev/src/<command>.ts` under the repo's own Node.
 * @param {string[]} argv command and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function main([command = '', ...args]) {
  try {
    if (!COMMANDS.includes(command))
      throw new Problem(`Unknown command "${command}": one of ${COMMANDS.join(', ')}.`);
    await ensureInstalled(ROOT);
    const node = findNode();
    const bin = join(ROOT, 'node_modules', '.bin');
    return await runToEnd(
      node,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'tools/dev/src', `${command}.ts`), ...args],
      {
        cwd: ROOT,
        env: { ...process.env, PATH: [dirname(node), bin, process.env.PATH].join(':') },
      },
    );
  } catch (error) {
    return report(error);
  }
}

/** The Node 24 that the lockfile pins; on platforms without such a package, the running one when it is new enough for the tests. */
function findNode() {
  const pinned = join(ROOT, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 9)) return process.execPath;
  throw new Problem(
    `No packaged Node 24 for ${process.platform}-${process.arch}: install Node 24.9 or newer and try again (this is ${process.version}).`,
  );
}
