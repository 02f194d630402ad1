import type { Bench } from './bench.ts';
import { PROTOCOLS, type Protocol, prepareCalibration } from './calibration/calibration.ts';
import { calibratedCpu, calibrateLoads, type Calibrations } from './calibration/load-calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { figure } from './figure.ts';
import { environmentOf, loadOf, type LoadName, LOADS, readsOrders } from './load/loads.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { store } from './loader.ts';
import type { Outcome, Part, Table } from './outcome.ts';
import { GROUPS } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** Orders that are stored before a load that reads: some 300 of each caller. */
const STORED = 20_000;

interface LoadRun extends Run {
  load: LoadName;
  /** CPU per request ÷ Postgres's for pgbench's, the mean of before and after. */
  ratio: Record<Protocol, number>;
}

/** Measures loads at each number of connections, and what pgbench needs for the same before and after. */
export async function runLoads(bench: Bench, loads: readonly LoadName[]): Promise<Outcome> {
  const { options, signal } = bench;
  const { seconds } = options;
  const pgbench = await resolvePgbench(signal);
  const generator = await resolveGenerator(signal);
  const found = await bench.withSystem({ env: environmentOf(loads) }, async (sut) => {
    await prepareCalibration(sut);
    await prepareLoads(bench, sut, loads);
    await warmUp(bench, sut, { generator, loads });
    const calibration = () => calibrateLoads(bench, sut, { pgbench, seconds, loads: loads.map(loadOf) });
    const before = await calibration();
    const runs: (Run & { load: LoadName })[] = [];
    for (const connections of options.connections ?? [undefined])
      for (const load of loads) {
        const name = `${load}, ${connections ?? LOADS[load].connections} connections`;
        const closed = { generator, load, connections, seconds, name };
        runs.push({ ...(await closedLoop(bench, sut, closed)), load });
      }
    return { before, runs, after: await calibration() };
  });
  const { before, after } = found;
  const runs = found.runs.map((run): LoadRun => ({ ...run, ratio: ratioOf(run, [before, after]) }));
  return {
    parts: partsOf(runs, [before, after]),
    report: { generator: generator.name, calibration: { before, after }, runs },
    passed: runs.every(({ complete }) => complete),
  };
}

/** Stores the orders that the loads read. */
export async function prepareLoads(
  bench: Bench,
  sut: SystemUnderLoad,
  loads: readonly LoadName[],
): Promise<void> {
  const reading = loads.map(loadOf).filter(readsOrders);
  if (reading.length === 0) return;
  const customers = Math.max(...reading.map(({ callers }) => callers));
  await store(bench, sut, { from: 0, to: STORED, withEffects: true, customers });
}

function ratioOf(
  { load, totalCpu }: { load: LoadName; totalCpu: number },
  calibrations: readonly Calibrations[],
) {
  const ratio = (protocol: Protocol): number => {
    const costs = calibrations.map((found) => calibratedCpu(loadOf(load), found, protocol));
    return totalCpu / (costs.reduce((sum, cost) => sum + cost, 0) / costs.length);
  };
  return { simple: ratio('simple'), prepared: ratio('prepared') };
}

function partsOf(runs: readonly LoadRun[], calibrations: readonly Calibrations[]): Part[] {
  return [
    answersTable(runs),
    cpuTable(runs),
    ...calibrations.map((found, index) => pgbenchTable(found, index === 0 ? 'before' : 'after')),
    "refused: answered other than 2xx, or not at all. ÷ pgbench: CPU of all processes per request ÷ that of Postgres for pgbench's, of its simple protocol and with prepared statements (writes are always simple).",
  ];
}

function answersTable(runs: readonly LoadRun[]): Table {
  const rows = runs.map(({ name, perSecond, p50Ms, p99Ms, errors, lag, complete }) => [
    name,
    ...[perSecond, p50Ms, p99Ms, errors, lag.p50Ms, lag.p99Ms].map((value) => figure(value)),
    complete ? 'yes' : 'NO',
  ]);
  const head = ['', 'requests/s', 'p50 ms', 'p99 ms', 'refused', 'lag p50', 'lag p99', 'complete'];
  return { head, rows, bars: 'requests/s' };
}

function cpuTable(runs: readonly LoadRun[]): Table {
  const rows = runs.map(({ name, cpu, totalCpu, ratio, steal }) => [
    name,
    ...[...GROUPS.map((group) => cpu[group]), totalCpu].map((value) => figure(value, 3)),
    ...PROTOCOLS.map((protocol) => figure(ratio[protocol], 2)),
    figure(steal * 100, 1),
  ]);
  const ratios = PROTOCOLS.map((protocol) => `÷ pgbench ${protocol}`);
  const head = ['CPU-s per 1,000 requests', ...GROUPS, 'total', ...ratios, 'steal %'];
  return { head, rows, bars: 'total' };
}

function pgbenchTable(found: Calibrations, when: string): Table {
  const rows = Object.entries(found).flatMap(([kind, byProtocol]) =>
    Object.entries(byProtocol).map(([protocol, { perSecond, postgresCpu }]) => [
      `${kind}, ${protocol}`,
      figure(perSecond),
      figure(postgresCpu, 3),
    ]),
  );
  return { head: [`pgbench ${when}`, 'a second', 'Postgres CPU-s per 1,000'], rows };
}
