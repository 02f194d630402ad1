import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../stack/paths.ts';
import { CommandFailed, run } from '../stack/run.ts';
import type { Check, CheckContext } from './check.ts';
import { countJest, type JestReport } from './outcome.ts';

/** Its servers are stopped and their data is removed. */
const STOP_MS = 30_000;

const FLAGS = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];

/** All test files that one Jest configuration names. */
export function jestCheck(name: string, config: string, needs?: string): Check {
  return {
    name,
    ...(needs && { needs }),
    run: async (context) => {
      const folder = await mkdtemp(join(tmpdir(), 'orders-verify-'));
      const report = join(folder, 'report.json');
      try {
        const output = await runJest(
          ['--config', config, '--ci', '--json', `--outputFile=${report}`],
          context,
        );
        const counts = countJest(readReport(report));
        return counts.failed > 0 ? { ...counts, output } : counts;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

async function runJest(args: string[], { signal, onLine, note }: CheckContext): Promise<string> {
  let files = 0;
  let inFailure = false;
  const failures: string[] = [];
  const read = (line: string): void => {
    const [, verdict, file] = /^(PASS|FAIL) (\S+)/.exec(line) ?? [];
    if (verdict) {
      inFailure = verdict === 'FAIL';
      onLine(`${(files += 1)} files done, ${inFailure ? 'the last FAILED' : 'the last'}: ${file}`);
    }
    if (inFailure) failures.push(line);
  };
  const command = [...FLAGS, join(ROOT, 'node_modules/jest/bin/jest.js'), ...args];
  try {
    return await run(process.execPath, command, { cwd: ROOT, signal, stopTimeoutMs: STOP_MS, onLine: read });
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    if (failures.length > 0) note(`\n${failures.join('\n')}\n`); // stopped: nobody prints them otherwise
    throw error;
  }
}

/** A run that could not begin (a failed set-up) leaves no report: it counts as one failure. */
function readReport(file: string): JestReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  } catch {
    const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
    return { ...none, success: false, numRuntimeErrorTestSuites: 1 };
  }
}
