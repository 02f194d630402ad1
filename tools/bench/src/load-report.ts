import { figure } from './figure.ts';
import type { LoadReport } from './load-scenario.ts';
import type { Outcome, Part, Table } from './outcome.ts';
import { GROUPS } from './processes.ts';

/** A load passes when nothing is missing. Its speed depends on the machine and is not judged. */
export function loadOutcome(report: LoadReport): Outcome {
  return { parts: partsOf(report), report, passed: report.runs.every(({ complete }) => complete) };
}

function partsOf({ runs, calibration, generator, idleMiB, ratioToCalibration }: LoadReport): Part[] {
  const tables = [
    ordersTable(runs),
    ...consumersTable(runs),
    cpuTable(runs),
    pgbenchTable(calibration),
    memoryTable(idleMiB, runs),
  ];
  return [
    ...tables,
    `CPU per order ÷ calibration: ${figure(ratioToCalibration, 2)}`,
    `Load by ${generator}: its CPU is not counted, but it shares the processors with the system.`,
  ];
}

function ordersTable(runs: LoadReport['runs']): Table {
  const measured = ['orders/s', 'p50 ms', 'p99 ms', 'errors', 'lag p50', 'lag p99'];
  const counted = ['acknowledged', 'stored', 'effects', 'complete'];
  const rows = runs.map(({ name, p50Ms, p99Ms, lag, ...run }) => [
    name,
    ...[run.perSecond, p50Ms, p99Ms, run.errors, lag.p50Ms, lag.p99Ms].map((value) => figure(value)),
    ...[run.acknowledged, run.orders, run.effects].map(String),
    run.complete ? 'yes' : 'NO',
  ]);
  return { head: ['', ...measured, ...counted], rows, bars: 'orders/s' };
}

/** One row for each consumer when there are several. The orders' table shows the worst figures. */
function consumersTable(runs: LoadReport['runs']): Table[] {
  const rows = runs.flatMap(({ name: load, consumers }) =>
    Object.entries(consumers).map(([name, { effects, lag }]) => [
      `${load}, ${name}`,
      String(effects),
      figure(lag.p50Ms),
      figure(lag.p99Ms),
    ]),
  );
  return rows.length === runs.length ? [] : [{ head: ['', 'effects', 'lag p50', 'lag p99'], rows }];
}

function cpuTable(runs: LoadReport['runs']): Table {
  const rows = runs.map((run) => [
    run.name,
    ...[...GROUPS.map((group) => run.cpu[group]), run.totalCpu].map((value) => figure(value, 3)),
    figure(run.steal * 100, 1),
  ]);
  return { head: ['CPU-s per 1,000 orders', ...GROUPS, 'total', 'steal %'], rows, bars: 'total' };
}

function pgbenchTable({ before, after, fifty }: LoadReport['calibration']): Table {
  const measured = {
    'one a transaction, before': before,
    'the same, after': after,
    '50 a transaction': fifty,
  };
  const rows = Object.entries(measured).map(([name, { perSecond, postgresCpu }]) => [
    name,
    figure(perSecond),
    figure(postgresCpu, 3),
  ]);
  return { head: ['pgbench, the same order', 'orders/s', 'Postgres CPU-s per 1,000'], rows };
}

function memoryTable(idleMiB: LoadReport['idleMiB'], runs: LoadReport['runs']): Table {
  const rows = [
    ['idle', ...GROUPS.map((group) => figure(idleMiB[group]))],
    ...runs.map(({ name, peakMiB }) => [`up to ${name}`, ...GROUPS.map((group) => figure(peakMiB[group]))]),
  ];
  return { head: ['resident MiB', ...GROUPS], rows };
}
