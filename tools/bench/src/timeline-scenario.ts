import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { halfLoad } from './load-scenario.ts';
import type { Outcome, Part } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';
import { timelineOf, type Timeline } from './timeline.ts';

const CONNECTIONS = 64;
/** So few that two orders of one batch are hardly ever sampled: they would share a trace. */
const TRACING = { ratio: 0.01, protocol: 'http/json' } as const;
const EXPORT_EVERY_MS = 500;

/** How long each stage of an order takes, by the traces of one order in a hundred. */
export async function runTimeline(bench: Bench): Promise<Outcome> {
  const generator = await resolveGenerator(bench.signal);
  const env = { OTEL_BSP_SCHEDULE_DELAY: String(EXPORT_EVERY_MS) };
  const runs = await bench.withSystem({ tracing: TRACING, env }, async (sut) => {
    await warmUp(bench, sut, { generator });
    const { seconds } = bench.options;
    const peak = await traced(sut, () =>
      closedLoop(bench, sut, { generator, connections: CONNECTIONS, seconds }),
    );
    return [peak, await traced(sut, () => halfLoad(bench, sut, peak.perSecond / 2))];
  });
  const passed = runs.every(({ complete, timeline }) => complete && timeline.traces > 0);
  return { parts: partsOf(runs), report: { runs }, passed };
}

type TracedRun = Run & { timeline: Timeline };

/** Runs a load, and makes a timeline of the spans that it led to. */
async function traced(sut: SystemUnderLoad, load: () => Promise<Run>): Promise<TracedRun> {
  await delay(2 * EXPORT_EVERY_MS);
  const before = sut.spans.length;
  const run = await load();
  await delay(2 * EXPORT_EVERY_MS);
  return { ...run, timeline: timelineOf(sut.spans.slice(before)) };
}

function partsOf(runs: readonly TracedRun[]): Part[] {
  const heads = runs.flatMap(({ name }) => [`${name}, mean ms`, 'p99']);
  const [first] = runs;
  const rows = (first?.timeline.stages ?? []).map(({ name }, n) => [
    name,
    ...runs.flatMap(({ timeline: { stages } }) => [figure(stages[n]?.meanMs, 1), figure(stages[n]?.p99Ms)]),
  ]);
  const sizes = runs.map(
    ({ name, perSecond, timeline }) => `${name}: ${figure(perSecond)} orders/s, ${timeline.traces} traces`,
  );
  return [{ head: ['', ...heads], rows }, sizes.join('\n')];
}
