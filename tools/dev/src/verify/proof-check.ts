import { join } from 'node:path';
import { ROOT } from '../stack/paths.ts';
import { CommandFailed, run } from '../stack/run.ts';
import type { Check } from './check.ts';

const COMMAND = ['--disable-warning=ExperimentalWarning', join(ROOT, 'tools/prove/src/prove.ts'), '--quick'];

/** Some trials of the delivery proof, of a new plan each time; when one fails the output says how to repeat it. */
export const PROOF: Check = {
  name: 'delivery proof',
  needs: 'build',
  run: async ({ signal, onLine }) => {
    try {
      const said = await run(process.execPath, COMMAND, { cwd: ROOT, signal, onLine });
      const skipped = new Set(said.match(/^not done: .*$/gm));
      return { passed: 1, failed: 0, skipped: 0, output: [...skipped].join('\n') };
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      return { passed: 0, failed: 1, skipped: 0, output: error.output };
    }
  },
};
