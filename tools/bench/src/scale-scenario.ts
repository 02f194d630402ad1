import type { Bench } from './bench.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { figure } from './figure.ts';
import type { Generator } from './load/generator.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { checkTable, type Check, type Outcome, type Table } from './outcome.ts';
import { GROUPS } from './processes.ts';

const REPLICAS = [1, 2, 4] as const;
const CONNECTIONS = 64;
const MOST_MORE = 0.1;

/** The same orders with several processes of each app. */
interface Scaled {
  replicas: number;
  /** 64 connections for each replica: what is added with the load. */
  each: Run;
  /** 64 connections for all together: what is added for other reasons. Batches are smaller. */
  together: Run;
}

/** CPU per order with 1, 2 and 4 replicas of every app on this machine. */
export async function runScale(bench: Bench): Promise<Outcome> {
  const generator = await resolveGenerator(bench.signal);
  const found: Scaled[] = [];
  for (const replicas of REPLICAS) found.push(await measureReplicas(bench, generator, replicas));
  const more = found.at(-1)!.each.totalCpu / found[0]!.each.totalCpu - 1;
  const check: Check = {
    name: `CPU per order, ${REPLICAS.at(-1)} replicas against 1, ${CONNECTIONS} connections each`,
    measured: `${figure(more * 100, 1)} % more`,
    wanted: `≤ ${MOST_MORE * 100} % more`,
    ok: more <= MOST_MORE,
  };
  return {
    parts: [
      runTable(found.flatMap(({ each, together }) => (each === together ? [each] : [each, together]))),
      checkTable([check]),
      'A balancer in the process of the bench gives each new connection to the next replica: its CPU is not counted.',
    ],
    report: { found, more, checks: [check] },
    passed: check.ok,
  };
}

function measureReplicas(bench: Bench, generator: Generator, replicas: number): Promise<Scaled> {
  const { seconds } = bench.options;
  return bench.withSystem({ replicas }, async (sut) => {
    for (let turn = 1; turn <= replicas; turn += 1) await warmUp(bench, sut, { generator });
    const run = (connections: number) => {
      const name = `${replicas} of each app, ${connections} connections`;
      return closedLoop(bench, sut, { generator, connections, seconds, name });
    };
    const each = await run(CONNECTIONS * replicas);
    return { replicas, each, together: replicas === 1 ? each : await run(CONNECTIONS) };
  });
}

function runTable(runs: readonly Run[]): Table {
  const rows = runs.map(({ name, perSecond, p99Ms, errors, lag, cpu, totalCpu }) => [
    name,
    ...[perSecond, p99Ms, errors, lag.p50Ms].map((value) => figure(value)),
    ...[...GROUPS.map((group) => cpu[group]), totalCpu].map((value) => figure(value, 3)),
  ]);
  const head = ['CPU-s per 1,000 orders', 'orders/s', 'p99 ms', 'refused', 'lag p50', ...GROUPS, 'total'];
  return { head, rows, bars: 'total' };
}
