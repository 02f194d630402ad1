import type { TrialResult } from './trial.ts';

export interface RunFacts {
  seed: string;
  /** The command that does the same again. */
  command: string;
  tookMs: number;
  skipped: readonly { fault: string; why: string }[];
}

/** The report of a run as text. */
export function report(results: readonly TrialResult[], facts: RunFacts): string {
  const sum = (of: (result: TrialResult) => number): string =>
    results.reduce((total, result) => total + of(result), 0).toLocaleString('en');
  const last = results.at(-1);
  const rows: [string, string][] = [
    ['trials', `${results.length} in ${Math.round(facts.tookMs / 1_000)} s`],
    ['attempts', sum(({ figures }) => figures.attempts)],
    ['acknowledged', sum(({ figures }) => figures.acknowledged)],
    ['unknown answers', sum(({ figures }) => figures.unknown)],
    ['recovered', sum(({ figures }) => figures.recovered)],
    ['lost', sum(({ lost }) => lost)],
    ['duplicated', sum(({ duplicated }) => duplicated)],
    ['phantom', sum(({ phantom }) => phantom)],
    ['500s', sum(({ figures }) => figures.serverErrors)],
    ['stream duplicates', String(last?.streamDuplicates ?? 0)],
    ['heal p50 / p99 / max', times(results.map(({ healMs }) => healMs))],
    ['drain p50 / p99 / max', times(results.map(({ drainMs }) => drainMs))],
    ['failed trials', String(results.filter(({ findings }) => findings.length > 0).length)],
    ['seed', facts.seed],
    ['again', facts.command],
  ];
  return [
    ...rows.map(([name, value]) => `${name.padEnd(22)} ${value}`),
    '',
    ...faultTable(results),
    ...facts.skipped.map(({ fault, why }) => `not done: ${fault}: ${why}`),
  ].join('\n');
}

function faultTable(results: readonly TrialResult[]): string[] {
  const kinds = [...new Set(results.flatMap(({ plan }) => plan.faults.map(({ fault }) => fault)))].sort();
  const header = `${'fault'.padEnd(24)} ${'trials'.padStart(6)} ${'failed'.padStart(6)}   heal p50 / p99 / max`;
  const rows = kinds.map((kind) => {
    const own = results.filter(({ plan }) => plan.faults.some(({ fault }) => fault === kind));
    const failed = own.filter(({ findings }) => findings.length > 0).length;
    const heal = times(own.map(({ healMs }) => healMs));
    return `${kind.padEnd(24)} ${String(own.length).padStart(6)} ${String(failed).padStart(6)}   ${heal}`;
  });
  return [header, ...rows, ''];
}

/** Percentiles by nearest rank; undefined = never. */
export function times(values: readonly (number | undefined)[]): string {
  if (values.length === 0) return '–';
  const sorted = values.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const show = (ms: number) => (Number.isFinite(ms) ? `${Math.round(ms)} ms` : 'never');
  return `${show(at(0.5))} / ${show(at(0.99))} / ${show(at(1))}`;
}
