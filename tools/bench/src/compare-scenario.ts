import type { Bench } from './bench.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { figure } from './figure.ts';
import type { Generator } from './load/generator.ts';
import { environmentOf, loadOf, type LoadName } from './load/loads.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { prepareLoads } from './loads-scenario.ts';
import type { BenchOptions } from './options.ts';
import { withBuildOf } from './other-build.ts';
import type { Outcome, Table } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** What is compared: a load at a number of connections. */
interface Compared {
  name: string;
  load: LoadName;
  connections: number;
}

const SIDES = ['here', 'there'] as const;
type Side = (typeof SIDES)[number];
const NAMES: Record<Side, string> = { here: 'this build', there: 'the other' };

/** The same load on both builds, one right after the other. */
interface Pair extends Record<Side, Run> {
  /** That of what is compared. */
  name: string;
}

/** Median, least and greatest of the pairs. */
interface Spread {
  median: number;
  min: number;
  max: number;
}

/** One load on this build ÷ on the other. */
interface Comparison {
  name: string;
  /** Of the processor time of a request, all processes together. */
  cpu: Spread;
  /** Of the requests answered a second. */
  perSecond: Spread;
  p99: Spread;
}

/**
 * Compares this build with that of a commit. Each pair has two fresh systems side by side, of which one idles while the other
 * is under load, so that other work on the machine disturbs both alike; every second pair begins with the other build.
 * Loads, servers, roles, variables and the arguments of Node are those of this workspace for both: a build that needs others
 * does not start.
 */
export async function runCompare(bench: Bench): Promise<Outcome> {
  const { commit: revision, pairs } = bench.options;
  const compared = comparedBy(bench.options);
  const generator = await resolveGenerator(bench.signal);
  const { commit, found } = await withBuildOf(bench, revision, async ({ commit, root }) => {
    const found: Pair[] = [];
    for (let pair = 1; pair <= pairs; pair += 1)
      await withPair(bench, root, async (here, there) => {
        found.push(...(await runPair(bench, compared, { here, there, generator, pair })));
      });
    return { commit, found };
  });
  const comparisons = compared.map(({ name }) => compare(name, found));
  const passed = found.every(({ here, there }) => here.complete && there.complete);
  return {
    parts: [
      `This build ÷ ${commit}, ${pairs} pairs; load by ${generator.name}`,
      ratioTable(comparisons),
      figureTable(compared, found),
      ...(passed ? [] : ['✗ In one of the loads orders or effects are missing: see "complete" in the JSON.']),
    ],
    report: { commit, comparisons, pairs: found },
    passed,
  };
}

/** Starts a system of this build and one of the other, the same otherwise. */
function withPair(
  bench: Bench,
  root: string,
  work: (here: SystemUnderLoad, there: SystemUnderLoad) => Promise<void>,
): Promise<void> {
  const env = environmentOf(bench.options.loads);
  return bench.withSystem({ env }, (here) => bench.withSystem({ env, root }, (there) => work(here, there)));
}

interface Turn extends Record<Side, SystemUnderLoad> {
  generator: Generator;
  pair: number;
}

function comparedBy({ loads, connections }: BenchOptions): Compared[] {
  return loads.flatMap((load) =>
    (connections ?? [loadOf(load).connections]).map((each) => {
      return { name: `${load}, ${each} connections`, load, connections: each };
    }),
  );
}

async function runPair(bench: Bench, compared: readonly Compared[], turn: Turn): Promise<Pair[]> {
  const { generator, pair } = turn;
  const { loads, seconds } = bench.options;
  for (const sut of [turn.here, turn.there]) {
    await prepareLoads(bench, sut, loads);
    await warmUp(bench, sut, { generator, loads });
  }
  const found: Pair[] = [];
  for (const { name, ...load } of compared) {
    const runOn = (side: Side) => {
      const title = `pair ${pair}: ${name}, ${NAMES[side]}`;
      return closedLoop(bench, turn[side], { generator, ...load, seconds, name: title });
    };
    const early = pair % 2 === 1 ? await runOn('here') : undefined;
    const there = await runOn('there');
    found.push({ name, there, here: early ?? (await runOn('here')) });
  }
  return found;
}

function compare(name: string, pairs: readonly Pair[]): Comparison {
  const spread = (of: (run: Run) => number): Spread =>
    spreadOf(pairs.filter((pair) => pair.name === name).map(({ here, there }) => of(here) / of(there)));
  return {
    name,
    cpu: spread(({ totalCpu }) => totalCpu),
    perSecond: spread(({ perSecond }) => perSecond),
    p99: spread(({ p99Ms }) => p99Ms),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1);
  const median = middle.reduce((sum, value) => sum + value, 0) / middle.length;
  return { median, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

function ratioTable(comparisons: readonly Comparison[]): Table {
  const columns = ({ median, min, max }: Spread) => [
    figure(median, 2),
    `${figure(min, 2)} to ${figure(max, 2)}`,
  ];
  const rows = comparisons.map(({ name, cpu, perSecond, p99 }) => [
    name,
    ...[cpu, perSecond, p99].flatMap(columns),
  ]);
  const head = ['CPU-s per 1,000 ÷', 'min to max', 'requests/s ÷', 'min to max', 'p99 ÷', 'min to max'];
  return { head: ['', ...head], rows, bars: 'CPU-s per 1,000 ÷' };
}

function figureTable(compared: readonly Compared[], pairs: readonly Pair[]): Table {
  const rows = compared.flatMap(({ name }) =>
    SIDES.map((side) => {
      const runs = pairs.filter((pair) => pair.name === name).map((pair) => pair[side]);
      const median = (of: (run: Run) => number) => spreadOf(runs.map(of)).median;
      return [
        `${name}, ${NAMES[side]}`,
        figure(
          median(({ totalCpu }) => totalCpu),
          3,
        ),
        figure(median(({ perSecond }) => perSecond)),
        figure(median(({ p50Ms }) => p50Ms)),
        figure(median(({ p99Ms }) => p99Ms)),
        figure(median(({ lag }) => lag.p50Ms)),
        figure(runs.reduce((sum, { errors }) => sum + errors, 0)),
        figure(Math.max(...runs.map(({ steal }) => steal)) * 100, 1),
      ];
    }),
  );
  const measured = ['CPU-s per 1,000', 'requests/s', 'p50 ms', 'p99 ms', 'lag p50', 'refused', 'steal %'];
  return { head: ['medians', ...measured], rows };
}
