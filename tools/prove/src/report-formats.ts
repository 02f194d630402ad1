import type { Report } from './report.ts';

/** For the terminal. */
export function asText({ figures, setting, faults, failures, skipped }: Report): string {
  const pairs = [...figures, ...setting];
  const width = Math.max(...pairs.map(([name]) => name.length));
  return [
    ...pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    ...inColumns(['fault', ...faults.head], faults.rows),
    '',
    ...failures.flatMap(({ trial, findings }) => findings.map((finding) => `trial ${trial}: ${finding}`)),
    ...skipped.map(({ fault, why }) => `not done: ${fault}: ${why}`),
  ].join('\n');
}

/** For docs/. */
export function asMarkdown({ figures, setting, faults, failures, skipped }: Report): string {
  const verdict =
    failures.length === 0
      ? 'Nothing was lost, nothing done twice, nothing made up.'
      : `${failures.length} trials failed.`;
  return [
    '# Proof of delivery',
    'Written by `npm run prove -- --report`: real processes, two replicas of each app, faults under load; after each trial' +
      ' the ledger of the clients, orders, log, stream and effects are compared.',
    verdict,
    '## Figures',
    table(['', ''], figures),
    '## Setting',
    table(['', ''], setting),
    '## By fault',
    'A trial of several faults counts for each of them.',
    table(['fault', ...faults.head], faults.rows),
    ...section(
      '## Findings',
      failures.flatMap(({ trial, findings }) => findings.map((finding) => `- trial ${trial}: ${finding}`)),
    ),
    ...section(
      '## Not done',
      skipped.map(({ fault, why }) => `- ${fault}: ${why}`),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, lines.join('\n')];
}

/** As Prettier would have it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = widthsOf([head, ...rows]).map((width) => Math.max(3, width));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function inColumns(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = widthsOf(all);
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
}
