import { textTable } from '@orders/dev/tables';
import { figure } from './figure.ts';
import type { LoadReport } from './load-scenario.ts';
import type { Outcome } from './outcome.ts';
import { GROUPS } from './processes.ts';

/** A load passes when nothing is missing. Its speed depends on the machine and is not judged. */
export function loadOutcome(report: LoadReport): Outcome {
  return { text: textOf(report), report, passed: report.runs.every(({ complete }) => complete) };
}

function textOf({ runs, calibration, generator, idleMiB, ratioToCalibration }: LoadReport): string {
  const tables = [
    ordersTable(runs),
    ...consumersTable(runs),
    cpuTable(runs),
    pgbenchTable(calibration),
    memoryTable(idleMiB, runs),
  ];
  return [
    ...tables.flatMap((table) => [table, '']),
    `CPU per order ÷ calibration: ${figure(ratioToCalibration, 2)}`,
    `Load by ${generator}: its CPU is not counted, but it shares the processors with the system.`,
  ].join('\n');
}

function ordersTable(runs: LoadReport['runs']): string {
  const measured = ['orders/s', 'p50 ms', 'p99 ms', 'errors', 'lag p50', 'lag p99'];
  const counted = ['acknowledged', 'stored', 'effects', 'complete'];
  return textTable(
    ['', ...measured, ...counted],
    runs.map(({ name, p50Ms, p99Ms, lag, ...run }) => [
      name,
      ...[run.ordersPerSecond, p50Ms, p99Ms, run.errors, lag.p50Ms, lag.p99Ms].map((value) => figure(value)),
      ...[run.acknowledged, run.orders, run.effects].map(String),
      run.complete ? 'yes' : 'NO',
    ]),
  );
}

/** One row for each consumer when there are several. The orders' table shows the worst figures. */
function consumersTable(runs: LoadReport['runs']): string[] {
  const rows = runs.flatMap(({ name: load, consumers }) =>
    Object.entries(consumers).map(([name, { effects, lag }]) => [
      `${load}, ${name}`,
      String(effects),
      figure(lag.p50Ms),
      figure(lag.p99Ms),
    ]),
  );
  return rows.length === runs.length ? [] : [textTable(['', 'effects', 'lag p50', 'lag p99'], rows)];
}

function cpuTable(runs: LoadReport['runs']): string {
  return textTable(
    ['CPU-s per 1,000 orders', ...GROUPS, 'total', 'steal %'],
    runs.map((run) => [
      run.name,
      ...[...GROUPS.map((group) => run.cpu[group]), run.totalCpu].map((value) => figure(value, 3)),
      figure(run.steal * 100, 1),
    ]),
  );
}

function pgbenchTable({ before, after, fifty }: LoadReport['calibration']): string {
  const measured = {
    'one a transaction, before': before,
    'the same, after': after,
    '50 a transaction': fifty,
  };
  return textTable(
    ['pgbench, the same order', 'orders/s', 'Postgres CPU-s per 1,000'],
    Object.entries(measured).map(([name, { ordersPerSecond, postgresCpu }]) => [
      name,
      figure(ordersPerSecond),
      figure(postgresCpu, 3),
    ]),
  );
}

function memoryTable(idleMiB: LoadReport['idleMiB'], runs: LoadReport['runs']): string {
  return textTable(
    ['resident MiB', ...GROUPS],
    [
      ['idle', ...GROUPS.map((group) => figure(idleMiB[group]))],
      ...runs.map(({ name, peakMiB }) => [`up to ${name}`, ...GROUPS.map((group) => figure(peakMiB[group]))]),
    ],
  );
}
