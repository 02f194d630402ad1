import { markdownTable, textTable } from '@orders/dev/tables';

export interface SurfaceResult {
  readonly name: string;
  readonly what: string;
  readonly cases: number;
}

interface Measured {
  /** Of a good order beside the cases. */
  readonly p99Ms: number;
  /** In MiB, by app. */
  readonly memory: ReadonlyMap<string, number>;
}

export interface Report {
  readonly seed: number;
  /** How many were asked for. */
  readonly asked: number;
  readonly results: readonly SurfaceResult[];
  readonly findings: readonly string[];
  /** How many orders were acknowledged. */
  readonly orders: number;
  /** How many answers said: repeat it later. */
  readonly busy: number;
  /** Under good orders alone. */
  readonly base: Measured;
  /** Under the cases. */
  readonly after: Measured;
  readonly tookS: number;
}

/** For the terminal: the last line is the command that repeats the run. */
export function asText(report: Report): string {
  const { results, findings } = report;
  return [
    textTable(
      ['surface', 'cases', ''],
      results.map(({ name, cases, what }) => [name, grouped(cases), what]),
    ),
    '',
    ...figures(report).map(([name, value]) => `${name}: ${value}`),
    ...findings.map((finding) => `✗ ${finding}`),
    findings.length === 0 ? '✓ every case got its answer' : `✗ ${findings.length} findings`,
    `again: ${command(report)}`,
  ].join('\n');
}

/** For docs/. */
export function asMarkdown(report: Report): string {
  const { results, findings } = report;
  const rows = results.map(({ name, cases, what }) => [`\`${name}\``, grouped(cases), what]);
  return [
    markdownTable(['surface', 'cases', 'what'], rows),
    markdownTable(['', ''], [...figures(report), ['command', `\`${command(report)}\``]]),
    ...findings.map((finding) => `- ${finding}`),
  ]
    .join('\n\n')
    .concat('\n');
}

function figures({ results, findings, orders, busy, base, after, tookS }: Report): [string, string][] {
  const memory = [...after.memory].map(([name, mib]) => `${name} ${base.memory.get(name)} → ${mib}`);
  return [
    ['cases', grouped(results.reduce((sum, { cases }) => sum + cases, 0))],
    ['findings', String(findings.length)],
    ['orders acknowledged and stored', grouped(orders)],
    ['answers 503 and 504, repeated', grouped(busy)],
    ['p99 of a good order beside them', `${Math.round(base.p99Ms)} → ${Math.round(after.p99Ms)} ms`],
    ...(memory.length > 0 ? [['memory, MiB', memory.join(', ')] as [string, string]] : []),
    ['took', `${tookS} s`],
  ];
}

function command({ seed, asked }: Report): string {
  return `npm run fuzz -- --seed ${seed} --cases ${asked}`;
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}
