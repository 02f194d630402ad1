import type { Machine } from '@orders/dev/machine';
import { barChart, escape, lineChart } from './html-charts.ts';
import type { Part, Table } from './outcome.ts';

/** What the report shows. */
export interface Report {
  /** The command, as typed. */
  command: string;
  parts: readonly Part[];
  /** What the JSON report has; shown as it is at the end. */
  document: { at: string; machine: Machine; passed: boolean };
}

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
  table { border-collapse: collapse; margin: 1.5rem 0 .5rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #8884; }
  th:first-child, td:first-child { text-align: left; }
  svg { display: block; margin: 1rem 0; max-width: 100%; font: 12px system-ui, sans-serif; }
  svg text { fill: currentColor; }
  pre { overflow: auto; max-height: 40rem; }`;

/** One file that needs nothing else: tables, a chart for each that has one, and the JSON document. */
export function htmlReport({ command, parts, document }: Report): string {
  const { cpu, cores, memoryGiB, kernel, node } = document.machine;
  const where = `${cores} × ${cpu}, ${memoryGiB} GiB, ${kernel}, Node ${node}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escape(command)}</title>
<style>${STYLE}
</style>
<h1>${escape(command)}</h1>
<p>${document.at} · ${escape(where)} · ${document.passed ? 'passed' : '<strong>failed</strong>'}</p>
${parts.map(partOf).join('\n')}
<details><summary>All figures as JSON</summary><pre>${escape(JSON.stringify(document, null, 2))}</pre></details>
</html>
`;
}

function partOf(part: Part): string {
  if (typeof part === 'string') return `<p>${escape(part).replaceAll('\n', '<br>')}</p>`;
  if ('lines' in part) return lineChart(part);
  return `${tableOf(part)}\n${barsOf(part)}`;
}

function tableOf({ head, rows }: Table): string {
  const cells = (tag: 'th' | 'td', row: readonly string[]) =>
    row.map((text) => `<${tag}>${escape(text)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table>\n<tr>${cells('th', head)}</tr>\n${body}\n</table>`;
}

function barsOf({ head, rows, bars }: Table): string {
  const column = bars === undefined ? -1 : head.indexOf(bars);
  if (bars === undefined || column < 0) return '';
  const figures = rows.map((row) => ({ label: row[0] ?? '', text: row[column] ?? '' }));
  return barChart(bars, figures);
}
