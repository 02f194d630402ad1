import { textTable } from '@orders/dev/tables';

/** What a scenario found. */
export interface Outcome {
  /** For people. */
  parts: readonly Part[];
  /** For programs. */
  report: object;
  /** False makes the bench exit with 1. */
  passed: boolean;
}

/** A paragraph, a table, or values over time. */
export type Part = string | Table | Series;

export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
  /** The column that the HTML report also shows as bars. */
  bars?: string;
}

/** Values at even intervals from the first to the last second. */
export interface Series {
  title: string;
  /** Of the values. */
  unit: string;
  seconds: number;
  lines: Record<string, readonly number[]>;
}

/** A promise, and whether it was kept. */
export interface Check {
  name: string;
  /** The figure with its unit. */
  measured: string;
  wanted: string;
  ok: boolean;
}

export function checkTable(checks: readonly Check[]): Table {
  const rows = checks.map(({ name, measured, wanted, ok }) => [
    `${ok ? '✓' : '✗'} ${name}`,
    measured,
    wanted,
  ]);
  return { head: ['', 'measured', 'wanted'], rows };
}

/** For the terminal. Values over time are in the other reports only. */
export function textOf(parts: readonly Part[]): string {
  return parts
    .flatMap((part) => {
      if (typeof part === 'string') return [part];
      return 'rows' in part ? [textTable(part.head, part.rows)] : [];
    })
    .join('\n\n');
}
