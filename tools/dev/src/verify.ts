import { join } from 'node:path';
import { createProgress } from '../bootstrap/progress.mjs';
import { parseArguments, runTool } from './command-line.ts';
import { killAllChildren } from './stack/child.ts';
import { LOCAL, ROOT } from './stack/paths.ts';
import { Tasks } from './stack/tasks.ts';
import { stopOnSignals } from './stop-signals.ts';
import { runChecks, type Check } from './verify/check.ts';
import { ALONE, GENERATED, SIDE_BY_SIDE } from './verify/checks.ts';
import { beforeLine, sum, summaryLine, table, type Outcome } from './verify/outcome.ts';
import { fingerprint, Memory, remembered } from './verify/remembered.ts';

const USAGE = `npm test: runs every check: format, lint, types, contracts, tests, advisories, secrets, fuzzing, the delivery proof, the cost of a request
A check that passed is not run again until something that it may depend on changes
  --again                 runs all checks
  DATABASE_URL, NATS_URL  the integration tests use these servers instead of embedded ones; nothing is remembered
One test file: npm run test:unit -- path; README.md says how for an .it.ts or .e2e.ts`;

await runTool({ usage: USAGE, parse }, main);

interface Options {
  /** Run also what passed before on the same tree. */
  again: boolean;
}

function parse(args: string[]): Options {
  return parseArguments({ args, options: { again: { type: 'boolean', default: false } } }).values;
}

/** `npm test`: every check there is. The last line says how many passed and failed. */
async function main({ again }: Options): Promise<number> {
  const stopped = stopOnSignals({ onSecond: killAllChildren });
  const progress = createProgress();
  const outcomes: Outcome[] = [];
  try {
    const tasks = new Tasks({ steps: progress, signal: stopped });
    const memory = new Memory(join(LOCAL, 'passed-checks.json'), () => fingerprint(ROOT, process.env));
    const runAll = (checks: readonly Check[]): Promise<void> =>
      runChecks(
        checks.map((check) => remembered(check, memory, again)),
        tasks,
        outcomes,
      );
    await runAll([GENERATED]);
    await tasks.all(SIDE_BY_SIDE.map(runAll));
    await runAll(ALONE);
  } catch (error) {
    if (!stopped.aborted) throw error;
    if (outcomes.length > 0) progress.log(`\n${table(outcomes)}\n`);
    progress.log('Stopped before every check had run.');
    return 130;
  } finally {
    progress.close();
  }
  const total = sum(outcomes);
  console.log(`\n${table(outcomes)}\n\n${summaryLine(total)}${beforeLine(outcomes)}`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}
