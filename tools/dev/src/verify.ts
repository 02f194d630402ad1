import { createProgress } from '../bootstrap/progress.mjs';
import { noArguments, runTool } from './command-line.ts';
import { killAllChildren } from './stack/child.ts';
import { Tasks } from './stack/tasks.ts';
import { stopOnSignals } from './stop-signals.ts';
import { runChecks } from './verify/check.ts';
import { ALONE, GENERATED, SIDE_BY_SIDE } from './verify/checks.ts';
import { sum, summaryLine, table, type Outcome } from './verify/outcome.ts';

const USAGE = `npm test: every check: format, lint, types, tests, the delivery proof, the cost of an order
  DATABASE_URL, NATS_URL  the integration tests use these servers instead of embedded ones
One test file: npm run test:unit -- path; README.md says how for an .it.ts or .e2e.ts`;

await runTool({ usage: USAGE, parse: noArguments }, main);

/** `npm test`: every check there is. The last line says how many passed and failed. */
async function main(): Promise<number> {
  const stopped = stopOnSignals({ onSecond: killAllChildren });
  const progress = createProgress();
  const outcomes: Outcome[] = [];
  try {
    const tasks = new Tasks({ steps: progress, signal: stopped });
    await runChecks([GENERATED], tasks, outcomes);
    await tasks.all(SIDE_BY_SIDE.map((checks) => runChecks(checks, tasks, outcomes)));
    await runChecks(ALONE, tasks, outcomes);
  } catch (error) {
    if (!stopped.aborted) throw error;
    progress.log('Stopped before every check had run.');
    return 130;
  } finally {
    progress.close();
  }
  const total = sum(outcomes);
  console.log(`\n${table(outcomes)}\n\n${summaryLine(total)}`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
}
