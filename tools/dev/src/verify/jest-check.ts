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

/** How long Jest may take for one file, and to end when all are done: a loop or a handle that a test left keeps it alive. */
const LIMITS = { fileMs: 600_000, endMs: 30_000 };

const FLAGS = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules'];

export interface JestCheckOptions extends Pick<Check, 'needs'> {
  limits?: typeof LIMITS;
}

/** All test files that one Jest configuration names. A Jest that does not come to its end is stopped, which is a failure. */
export function jestCheck(name: string, config: string, options: JestCheckOptions = {}): Check {
  const { limits = LIMITS, ...rest } = options;
  return {
    name,
    ...rest,
    run: async (context) => {
      const watch = new Watch(limits);
      const folder = await mkdtemp(join(tmpdir(), 'orders-verify-'));
      const report = join(folder, 'report.json');
      try {
        const output = await runJest(
          ['--config', config, '--ci', '--json', `--outputFile=${report}`],
          context,
          watch,
        );
        const counts = countJest(readReport(report));
        if (watch.stuck.aborted) return { ...counts, failed: counts.failed + 1, output };
        return counts.failed > 0 ? { ...counts, output } : counts;
      } finally {
        watch.end();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Gives up when no file ends for too long, or Jest does not when all files have. */
class Watch {
  readonly #limits: typeof LIMITS;
  readonly #stuck = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: typeof LIMITS) {
    this.#limits = limits;
    this.fileDone();
  }

  get stuck(): AbortSignal {
    return this.#stuck.signal;
  }

  fileDone(): void {
    const { fileMs } = this.#limits;
    this.#giveUpAfter(fileMs, `No test file ended for ${fileMs / 1000} s: one of those left hangs.`);
  }

  allDone(): void {
    const { endMs } = this.#limits;
    this.#giveUpAfter(
      endMs,
      `All tests ended, but Jest did not within ${endMs / 1000} s: a test left a loop, a timer
or a connection. npm run test:unit -- FILE --detectOpenHandles finds it; begin with a file that failed.`,
    );
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #giveUpAfter(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stuck.abort(reason), ms);
  }
}

async function runJest(args: string[], context: CheckContext, watch: Watch): Promise<string> {
  const { signal, onLine, note } = context;
  let files = 0;
  let inFailure = false;
  const failures: string[] = [];
  const read = (line: string): void => {
    const [, verdict, file] = /^(PASS|FAIL) (\S+)/.exec(line) ?? [];
    if (verdict) {
      inFailure = verdict === 'FAIL';
      watch.fileDone();
      onLine(`${(files += 1)} files done, ${inFailure ? 'the last FAILED' : 'the last'}: ${file}`);
    }
    if (line.startsWith('Ran all test suites')) watch.allDone();
    if (inFailure) failures.push(line);
  };
  const command = [...FLAGS, join(ROOT, 'node_modules/jest/bin/jest.js'), ...args];
  try {
    const until = AbortSignal.any([signal, watch.stuck]);
    return await run(process.execPath, command, {
      cwd: ROOT,
      signal: until,
      stopTimeoutMs: STOP_MS,
      onLine: read,
    });
  } catch (error) {
    if (error instanceof CommandFailed) return error.output;
    if (!signal.aborted && watch.stuck.aborted) return [...failures, watch.stuck.reason as string].join('\n');
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
