import { CommandFailed, run, type RunOptions } from '../stack/run.ts';
import { ROOT } from '../stack/paths.ts';
import type { Tasks } from '../stack/tasks.ts';
import { resultLine, type Counts, type Outcome } from './outcome.ts';

export interface CheckContext {
  signal: AbortSignal;
  /** Called with the current step, for the line of progress. */
  onLine: (line: string) => void;
  /** Prints a text at once, above the progress. */
  note: (text: string) => void;
}

export interface Check {
  name: string;
  /** A check that must have passed; otherwise this one fails without being run. */
  needs?: string;
  /** It makes files that other checks use, so it runs each time, even if it passed on the same tree before. */
  makes?: boolean;
  /** Its result also depends on what others know today, so it is not remembered. */
  outside?: boolean;
  run: (context: CheckContext) => Promise<CheckResult>;
}

/** How a check went. */
export type CheckResult = Omit<Outcome, 'name' | 'seconds'>;

const PASSED: Counts = { passed: 1, failed: 0, skipped: 0 };
const FAILED: Counts = { passed: 0, failed: 1, skipped: 0 };

/** A check that passes when its commands, one after the other, end with 0. */
export function commandCheck(name: string, work: (signal: AbortSignal) => Promise<unknown>): Check {
  return {
    name,
    run: async ({ signal }) => {
      try {
        await work(signal);
        return PASSED;
      } catch (error) {
        if (signal.aborted) throw error;
        return { ...FAILED, output: error instanceof CommandFailed ? error.output : String(error) };
      }
    },
  };
}

/** A tool from node_modules/.bin, run at the top of the workspace by default. */
export function tool(name: string, args: string[], options: RunOptions): Promise<string> {
  return run(`${ROOT}/node_modules/.bin/${name}`, args, { cwd: ROOT, ...options });
}

/** Runs checks one after the other; the full output of one that fails is printed as it ends. */
export async function runChecks(checks: readonly Check[], tasks: Tasks, done: Outcome[]): Promise<void> {
  for (const check of checks) done.push(await runCheck(check, tasks, done));
}

async function runCheck(check: Check, tasks: Tasks, done: readonly Outcome[]): Promise<Outcome> {
  const began = performance.now();
  const outcome = await tasks.run(check.name, async (signal, step) => {
    const missing = done.find(({ name, failed }) => name === check.needs && failed > 0);
    const result = missing
      ? { ...FAILED, output: `not run, since ${missing.name} failed` }
      : await check.run({
          signal,
          onLine: (line) => step.update(line),
          note: (text) => tasks.note(text),
        });
    if (result.failed > 0) step.fail(resultLine(result));
    else step.done(resultLine(result));
    return { ...result, name: check.name, seconds: (performance.now() - began) / 1000 };
  });
  if (outcome.output) tasks.note(`\n${outcome.output.trimEnd()}\n`);
  return outcome;
}
