import type { Bench } from './bench.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { figure } from './figure.ts';
import type { Generator } from './load/generator.ts';
import { loadOf, type LoadName } from './load/loads.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { prepareLoads } from './loads-scenario.ts';
import { withBuildOf } from './other-build.ts';
import type { Outcome, Table } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** The same load on both builds, one right after the other. */
interface Pair {
  load: LoadName;
  here: Run;
  there: Run;
}

/** Median, least and greatest of the pairs. */
interface Spread {
  median: number;
  min: number;
  max: number;
}

/** One load on this build ÷ on the other. */
interface Comparison {
  load: LoadName;
  /** Of the processor time of a request, all processes together. */
  cpu: Spread;
  /** Of the requests answered a second. */
  perSecond: Spread;
  p99: Spread;
}

/**
 * Compares this build with that of a commit. Each pair has two fresh systems side by side, of which one idles while the other
 * is under load, so that other work on the machine disturbs both alike; every second pair begins with the other build.
 * Loads, servers and the arguments of Node are those of this workspace for both.
 */
export async function runCompare(bench: Bench): Promise<Outcome> {
  const { commit: revision, loads, pairs } = bench.options;
  const generator = await resolveGenerator(bench.signal);
  const { commit, found } = await withBuildOf(bench, revision, async ({ commit, root }) => {
    const found: Pair[] = [];
    for (let pair = 1; pair <= pairs; pair += 1)
      await withPair(bench, root, async (here, there) => {
        found.push(...(await runPair(bench, { here, there, generator, pair })));
      });
    return { commit, found };
  });
  const comparisons = loads.map((load) => compare(load, found));
  const passed = found.every(({ here, there }) => here.complete && there.complete);
  return {
    parts: [
      `This build ÷ ${commit}, ${pairs} pairs; load by ${generator.name}`,
      ratioTable(comparisons),
      figureTable(loads, found),
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
  const env = Object.assign({}, ...bench.options.loads.map((load) => loadOf(load).env)) as NodeJS.ProcessEnv;
  return bench.withSystem({ env }, (here) => bench.withSystem({ env, root }, (there) => work(here, there)));
}

interface Turn {
  here: SystemUnderLoad;
  there: SystemUnderLoad;
  generator: Generator;
  pair: number;
}

async function runPair(bench: Bench, { here, there, generator, pair }: Turn): Promise<Pair[]> {
  const { loads, seconds } = bench.options;
  for (const sut of [here, there]) {
    await prepareLoads(bench, sut, loads);
    await warmUp(bench, sut, { generator, loads });
  }
  const found: Pair[] = [];
  for (const load of loads) {
    const runOn = (sut: SystemUnderLoad) => {
      const name = `pair ${pair}, ${load}, ${sut === here ? 'this build' : 'the other'}`;
      return closedLoop(bench, sut, { generator, load, seconds, name });
    };
    const first = await runOn(pair % 2 === 1 ? here : there);
    const second = await runOn(pair % 2 === 1 ? there : here);
    found.push(pair % 2 === 1 ? { load, here: first, there: second } : { load, here: second, there: first });
  }
  return found;
}

function compare(load: LoadName, pairs: readonly Pair[]): Comparison {
  const spread = (of: (run: Run) => number): Spread =>
    spreadOf(pairs.filter((pair) => pair.load === load).map(({ here, there }) => of(here) / of(there)));
  return {
    load,
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
  const rows = comparisons.map(({ load, cpu, perSecond, p99 }) => [
    load,
    ...[cpu, perSecond, p99].flatMap(columns),
  ]);
  const head = ['CPU-s per 1,000 ÷', 'min to max', 'requests/s ÷', 'min to max', 'p99 ÷', 'min to max'];
  return { head: ['', ...head], rows, bars: 'CPU-s per 1,000 ÷' };
}

function figureTable(loads: readonly LoadName[], pairs: readonly Pair[]): Table {
  const rows = loads.flatMap((load) =>
    (['here', 'there'] as const).map((side) => {
      const runs = pairs.filter((pair) => pair.load === load).map((pair) => pair[side]);
      const median = (of: (run: Run) => number) => spreadOf(runs.map(of)).median;
      return [
        `${load}, ${side === 'here' ? 'this build' : 'the other'}`,
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
