import { describe, expect, it } from '@jest/globals';
import { beforeLine, countJest, resultLine, sum, summaryLine, table, type JestReport } from './outcome.ts';

const report = (changes: Partial<JestReport>): JestReport => ({
  success: true,
  numPassedTests: 5,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  ...changes,
});

describe('what a Jest run counts for', () => {
  it('is its tests', () => {
    expect(countJest(report({ numPendingTests: 1, numTodoTests: 2 }))).toEqual({
      passed: 5,
      failed: 0,
      skipped: 3,
    });
  });

  it('counts a file that could not be run as a failure', () => {
    const counts = countJest(report({ success: false, numFailedTests: 2, numRuntimeErrorTestSuites: 1 }));
    expect(counts).toEqual({ passed: 5, failed: 3, skipped: 0 });
  });

  it('is a failure when no test ran', () => {
    expect(countJest(report({ numPassedTests: 0 })).failed).toBe(1);
  });

  it('is a failure when Jest says so without a failed test', () => {
    expect(countJest(report({ success: false })).failed).toBe(1);
  });
});

describe('the summary', () => {
  const outcomes = [
    { name: 'lint', passed: 1, failed: 0, skipped: 0, seconds: 2 },
    { name: 'unit tests', passed: 5, failed: 2, skipped: 1, seconds: 12.34 },
  ];

  it('adds everything up', () => {
    expect(summaryLine(sum(outcomes))).toBe('6 passed, 2 failed, 1 skipped');
    expect(summaryLine(sum(outcomes.slice(0, 1)))).toBe('1 passed, 0 failed');
    expect(summaryLine(sum([]))).toBe('0 passed, 0 failed');
  });

  it('is a table with one row a check', () => {
    expect(table(outcomes)).toBe(
      [
        '✓ lint         2.0 s  1 passed, 0 failed',
        '✗ unit tests  12.3 s  5 passed, 2 failed, 1 skipped',
      ].join('\n'),
    );
  });

  it('shows when a check passed that was not run', () => {
    const before = new Date(2026, 10, 30, 9, 4);
    const counts = { passed: 5, failed: 0, skipped: 1, before };
    expect(resultLine(counts, new Date(2026, 10, 30, 23, 0))).toBe(
      '5 passed, 0 failed, 1 skipped (passed before on this tree, 09:04)',
    );
    expect(resultLine(counts, new Date(2026, 11, 1, 0, 1))).toMatch(/this tree, 2026-11-30 09:04\)$/);
  });

  it('shows in the last line how much was not run', () => {
    expect(beforeLine(outcomes)).toBe('');
    expect(beforeLine([...outcomes, { ...outcomes[1]!, failed: 0, before: new Date() }])).toBe(
      ' (5 passed before on this tree; npm test -- --again runs all)',
    );
  });
});
