import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { commandEnvironment } from './environment.mjs';
import { ensureInstalled } from './install.mjs';
import { Problem, report, UsageError } from './problem.mjs';
import { runToEnd } from './run-to-end.mjs';

const ROOT = resolve(import.meta.dirname, '../../..');
/** @type {Record<string, string>} */
const COMMANDS = {
  start: 'tools/dev/src/start.ts',
  verify: 'tools/dev/src/verify.ts',
  token: 'tools/dev/src/token.ts',
  reset: 'tools/dev/src/reset.ts',
  cli: 'tools/dev/src/cli.ts',
  prove: 'tools/prove/src/prove.ts',
  bench: 'tools/bench/src/main.ts',
  fuzz: 'tools/fuzz/src/main.ts',
  contracts: 'tools/contract-gates/src/main.ts',
  supply: 'tools/supply/src/main.ts',
  generate: 'tools/dev/src/generate.ts',
  graph: 'tools/dev/src/graph.ts',
};

/**
 * Installs the packages when needed, then runs the script of the command under the repo's own Node.
 * @param {string[]} argv command and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function main([command = '', ...args]) {
  try {
    const script = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (script === undefined)
      throw new UsageError(`Unknown command "${command}": one of ${Object.keys(COMMANDS).join(', ')}`);
    await ensureInstalled(ROOT);
    const node = findNode();
    const bin = join(ROOT, 'node_modules', '.bin');
    const env = commandEnvironment(process.env);
    const run = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'run-script.mjs')];
    return await runToEnd(node, [...run, join(ROOT, script), ...args], {
      cwd: ROOT,
      env: { ...env, PATH: [dirname(node), bin, env.PATH].join(':') },
    });
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
