import { textTable } from '../tables.ts';

/** How one check went; a check that is no Jest run counts as one. */
export interface Outcome {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** What it printed, when it failed. */
  output?: string;
  /** When it passed before; undefined when it has been run now. */
  before?: Date;
}

/** The part of Jest's JSON report that we read. */
export interface JestReport {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that failed before any test of theirs could run. */
  numRuntimeErrorTestSuites: number;
}

export type Counts = Pick<Outcome, 'passed' | 'failed' | 'skipped'>;

/** What a Jest run counts for. A run without a single test, or one that says it failed without saying where, is a failure. */
export function countJest(report: JestReport): Counts {
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const silent = failed === 0 && (!report.success || report.numPassedTests === 0);
  return {
    passed: report.numPassedTests,
    failed: silent ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Adds everything up. */
export function sum(outcomes: readonly Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of outcomes) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** The last line of every run: "120 passed, 0 failed" and, when there are any, ", 2 skipped". */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The same for one check; with the time when it passed if it was not run now. */
export function resultLine(result: Counts & Pick<Outcome, 'before'>, now = new Date()): string {
  const { before } = result;
  return `${summaryLine(result)}${before ? ` (passed before on this tree, ${when(before, now)})` : ''}`;
}

/** The end of the last line of a run: how much of it passed before and was not run; else ''. */
export function beforeLine(outcomes: readonly Outcome[]): string {
  const { passed } = sum(outcomes.filter(({ before }) => before));
  return passed > 0 ? ` (${passed} passed before on this tree; npm test -- --again runs all)` : '';
}

/** 12:04, and on another day its date as well. */
function when(time: Date, now: Date): string {
  const pad = (number: number): string => String(number).padStart(2, '0');
  const clock = `${pad(time.getHours())}:${pad(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${clock}`;
}

/** One row a check, in columns. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    `${outcome.failed > 0 ? '✗' : '✓'} ${outcome.name}`,
    `${outcome.seconds.toFixed(1)} s`,
    resultLine(outcome),
  ]);
  return textTable([], rows);
}
