import type { Skipped } from './faults/catalogue.ts';
import type { TrialResult } from './trial.ts';

export interface RunFacts {
  seed: string;
  /** The commit on which the command repeats the run: a seed gives another plan on another commit. */
  commit: string;
  /** The command that repeats the run. */
  command: string;
  tookMs: number;
  skipped: readonly Skipped[];
  /** Versions and machine: name and value of each. */
  setting: readonly (readonly [name: string, value: string])[];
}

/** The result of a run, independent of its format. */
export interface Report {
  /** Names and values. */
  figures: readonly (readonly [name: string, value: string])[];
  setting: RunFacts['setting'];
  faults: { head: readonly string[]; rows: readonly (readonly string[])[] };
  failures: readonly { trial: number; findings: readonly string[] }[];
  skipped: readonly Skipped[];
}

export function reportOf(results: readonly TrialResult[], facts: RunFacts): Report {
  return {
    figures: figuresOf(results, facts),
    setting: [
      ['commit', facts.commit],
      ...facts.setting,
      ['seed', facts.seed],
      [`again on ${facts.commit}`, facts.command],
    ],
    faults: { head: COLUMNS.map(([name]) => name), rows: faultRows(results) },
    failures: results
      .filter(({ findings }) => findings.length > 0)
      .map(({ plan, findings }) => ({ trial: plan.number, findings })),
    skipped: facts.skipped,
  };
}

type Column = readonly [name: string, of: (results: readonly TrialResult[]) => string];

const sum =
  (of: (result: TrialResult) => number) =>
  (results: readonly TrialResult[]): string =>
    results.reduce((total, result) => total + of(result), 0).toLocaleString('en');

const COUNTS: readonly Column[] = [
  ['attempts', sum(({ figures }) => figures.attempts)],
  ['= done', sum(({ figures }) => figures.done)],
  ['+ refused', sum(({ figures }) => figures.refused)],
  ['+ unknown', sum(({ figures }) => figures.unknown)],
  ['orders', sum(({ figures }) => figures.orders)],
  ['recovered', sum(({ figures }) => figures.recovered)],
];
const STREAM_DUPLICATES: Column = ['stream duplicates', sum(({ streamDuplicates }) => streamDuplicates)];
const TIMES: readonly Column[] = [
  ['heal p50 / p99 / max', (results) => times(results.map(({ healMs }) => healMs))],
  ['drain p50 / p99 / max', (results) => times(results.map(({ drainMs }) => drainMs))],
];
const FAILED: Column = ['failed', sum(({ findings }) => (findings.length > 0 ? 1 : 0))];

const COLUMNS: readonly Column[] = [
  ['trials', (results) => String(results.length)],
  FAILED,
  ...COUNTS,
  ['lost', sum(({ lost }) => lost.orders + lost.events + lost.effects)],
  ['duplicated', sum(({ duplicated }) => duplicated.orders + duplicated.effects)],
  ['phantom', sum(({ phantom }) => phantom.orders + phantom.events + phantom.effects)],
  STREAM_DUPLICATES,
  ...TIMES,
];

const FIGURES: readonly Column[] = [
  ...COUNTS,
  ['lost orders', sum(({ lost }) => lost.orders)],
  ['lost events', sum(({ lost }) => lost.events)],
  ['lost effects', sum(({ lost }) => lost.effects)],
  ['duplicated orders', sum(({ duplicated }) => duplicated.orders)],
  ['duplicated effects', sum(({ duplicated }) => duplicated.effects)],
  ['phantom orders', sum(({ phantom }) => phantom.orders)],
  ['phantom events', sum(({ phantom }) => phantom.events)],
  ['phantom effects', sum(({ phantom }) => phantom.effects)],
  ['500s', sum(({ figures }) => figures.serverErrors)],
  STREAM_DUPLICATES,
  ...TIMES,
  ['faults not injected', sum(({ notInjected }) => notInjected.length)],
  ['failed trials', FAILED[1]],
];

function figuresOf(results: readonly TrialResult[], { tookMs }: RunFacts): Report['figures'] {
  const seconds = tookMs / 1_000;
  const each = (seconds / Math.max(1, results.length)).toFixed(1);
  return [
    ['trials', `${results.length} in ${Math.round(seconds)} s, ${each} s each`],
    ...FIGURES.map(([name, of]) => [name, of(results)] as const),
  ];
}

/** A trial of several faults counts for each. */
function faultRows(results: readonly TrialResult[]): string[][] {
  const kinds = [...new Set(results.flatMap(({ plan }) => plan.faults.map(({ fault }) => fault)))].sort();
  return kinds.map((kind) => {
    const own = results.filter((result) => met(result, kind));
    return [kind, ...COLUMNS.map(([, of]) => of(own))];
  });
}

function met({ plan, notInjected }: TrialResult, kind: string): boolean {
  const isKind = ({ fault }: { fault: string }): boolean => fault === kind;
  return plan.faults.some(isKind) && !notInjected.some(isKind);
}

/** Percentiles by nearest rank; undefined = never. */
export function times(values: readonly (number | undefined)[]): string {
  if (values.length === 0) return '–';
  const sorted = values.map((value) => value ?? Infinity).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const show = (ms: number) => (Number.isFinite(ms) ? `${Math.round(ms)} ms` : 'never');
  return `${show(at(0.5))} / ${show(at(0.99))} / ${show(at(1))}`;
}
