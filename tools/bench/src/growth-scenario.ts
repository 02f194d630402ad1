import type { Bench } from './bench.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, warmUp } from './closed-loop.ts';
import { store } from './loader.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { GROUPS } from './processes.ts';

const FEW = 10_000;
const CONNECTIONS = 64;
const MOST_GROWTH = 1.15;

/** Compares CPU per order with few orders stored and with many. */
export async function runGrowth(bench: Bench): Promise<Outcome> {
  const { orders: many, seconds } = bench.options;
  const generator = await resolveGenerator(bench.signal);
  const runs = await bench.withSystem({}, async (sut) => {
    const measured = async (from: number, to: number) => {
      await store(bench, sut, { from, to, withEffects: true });
      await warmUp(bench, sut, { generator });
      const load = { generator, connections: CONNECTIONS, seconds, name: `${to} stored` };
      return closedLoop(bench, sut, load);
    };
    return [await measured(0, FEW), await measured(FEW, many)] as const;
  });
  const [few, lots] = runs;
  const growth = lots.totalCpu / few.totalCpu;
  const checks: Check[] = [
    {
      name: 'CPU per order, many ÷ few',
      measured: figure(growth, 2),
      wanted: `≤ ${MOST_GROWTH}`,
      ok: growth <= MOST_GROWTH,
    },
  ];
  const rows = runs.map((run) => [
    run.name,
    figure(run.perSecond),
    figure(run.p99Ms),
    ...GROUPS.map((group) => figure(run.cpu[group], 3)),
    figure(run.totalCpu, 3),
  ]);
  const head = ['CPU-s per 1,000 orders', 'orders/s', 'p99 ms', ...GROUPS, 'total'];
  const parts = [{ head, rows, bars: 'total' }, checkTable(checks)];
  return { parts, report: { runs, growth, checks }, passed: checks.every(({ ok }) => ok) };
}
