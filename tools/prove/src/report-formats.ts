import { markdownTable, textTable } from '@orders/dev/tables';
import { trialsInWords } from './plan.ts';
import type { Report } from './report.ts';

/** For the terminal. */
export function asText({ figures, setting, faults, failures, skipped }: Report): string {
  const pairs = [...figures, ...setting];
  const width = Math.max(...pairs.map(([name]) => name.length));
  return [
    ...pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    textTable(['fault', ...faults.head], faults.rows),
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
      : `${trialsInWords(failures.length)} failed.`;
  return [
    '# Proof of delivery',
    'Written by `npm run prove -- --report`: real processes, two replicas of each app, faults under load; after each trial' +
      ' the ledger of the clients, orders, log, stream and effects are compared.',
    verdict,
    '## Figures',
    markdownTable(['', ''], figures),
    '## Setting',
    markdownTable(['', ''], setting),
    '## By fault',
    'A trial of several faults counts for each of them.',
    markdownTable(['fault', ...faults.head], faults.rows),
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
