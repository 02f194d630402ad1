import { textTable } from '@orders/dev/tables';

/** What a scenario found. */
export interface Outcome {
  /** For people. */
  text: string;
  /** For programs. */
  report: object;
  /** False makes the bench exit with 1. */
  passed: boolean;
}

/** A promise, and whether it was kept. */
export interface Check {
  name: string;
  /** The figure with its unit. */
  measured: string;
  wanted: string;
  ok: boolean;
}

export function checkTable(checks: readonly Check[]): string {
  const rows = checks.map(({ name, measured, wanted, ok }) => [
    `${ok ? '✓' : '✗'} ${name}`,
    measured,
    wanted,
  ]);
  return textTable(['', 'measured', 'wanted'], rows);
}
