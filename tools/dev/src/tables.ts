type Row = readonly string[];

/** Begins with a number, or is the – of a missing one; "3 passed, 1 failed" is a sentence. */
const FIGURE = /^[\d–](?!.*, )/;

/** For the terminal: figures to the right, words and the first column to the left. An empty head is left out. */
export function textTable(head: Row, rows: readonly Row[]): string {
  const all = head.length > 0 ? [head, ...rows] : rows;
  const widths = widthsOf(all);
  const isFigure = (column: number): boolean =>
    column > 0 && rows.every((row) => FIGURE.test(row[column] ?? ''));
  const aligned = (cell: string, column: number): string =>
    isFigure(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return all.map((row) => row.map(aligned).join('  ').trimEnd()).join('\n');
}

/** As Prettier would have it. */
export function markdownTable(head: Row, rows: readonly Row[]): string {
  const all = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = widthsOf(all).map((width) => Math.max(3, width));
  const [first, ...others] = all.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`,
  );
  return [first, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...others].join('\n');
}

function widthsOf(rows: readonly Row[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
