import { join } from 'node:path';
import { ROOT } from '../stack/paths.ts';
import { CommandFailed, run } from '../stack/run.ts';
import type { Check } from './check.ts';

/** A check that another tool makes, whose report is shown when it fails; what it says is `not done: …` is shown always. */
function toolCheck(name: string, script: string, args: string[]): Check {
  const command = ['--disable-warning=ExperimentalWarning', join(ROOT, script), ...args];
  return {
    name,
    needs: 'build',
    run: async ({ signal, onLine }) => {
      try {
        const said = await run(process.execPath, command, { cwd: ROOT, signal, onLine });
        const left = new Set(said.match(/^not done: .*$/gm));
        return { passed: 1, failed: 0, skipped: 0, output: [...left].join('\n') };
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        return { passed: 0, failed: 1, skipped: 0, output: error.output };
      }
    },
  };
}

/** Some trials of the delivery proof, of a new plan each time; when one fails the output says how to repeat it. */
export const PROOF = toolCheck('delivery proof', 'tools/prove/src/prove.ts', ['--quick']);

/** An order must not become dearer relative to what pgbench needs for it. */
export const COST_GUARD = toolCheck('cost of an order', 'tools/bench/src/main.ts', ['guard']);
