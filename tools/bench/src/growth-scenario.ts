import { statfsSync } from 'node:fs';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import { ROOT } from '@orders/dev/stack/paths';
import type { Bench } from './bench.ts';
import { closedLoop, type Run, warmUp } from './closed-loop.ts';
import { rowsOf } from './database.ts';
import { STORE } from './effects.ts';
import { figure } from './figure.ts';
import type { LoadName } from './load/loads.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { secondsOf, store, type Storing } from './loader.ts';
import { timeMigrations, type MigrationTime } from './migration-times.ts';
import { checkTable, type Check, type Outcome, type Table } from './outcome.ts';
import { GROUPS } from './processes.ts';
import { type Size, sizesOf } from './sizes.ts';

const FEW = 10_000;
/** Bytes on disk for each order with its event and effect, as measured, and some for the write-ahead log. */
const BYTES_AN_ORDER = 2_500;
const MOST_GROWTH = 1.15;
const LOADS = ['post', 'reads'] as const satisfies readonly LoadName[];

/** A day of partitions is made, and old ones are dropped, by this function. */
const MAINTAIN = "SELECT outbox_maintain('7 days')";

/** What operators wait for with this many orders, in seconds. */
interface Upkeep extends Storing {
  partitions: number;
  migrations: MigrationTime[];
}

/** Compares the CPU of an order and of a read with few orders stored and with many. */
export async function runGrowth(bench: Bench): Promise<Outcome> {
  const { orders: many, seconds } = bench.options;
  refuseSmallDisk(many);
  const generator = await resolveGenerator(bench.signal);
  const found = await bench.withSystem({}, async (sut) => {
    const measured = async (orders: number) => {
      await warmUp(bench, sut, { generator, loads: LOADS });
      const runs: Run[] = [];
      for (const load of LOADS) {
        const name = `${load}, ${orders.toLocaleString('en')} stored`;
        runs.push(await closedLoop(bench, sut, { generator, load, seconds, name }));
      }
      return runs;
    };
    const migrations = await timeMigrations(bench, sut, many);
    await store(bench, sut, { from: 0, to: FEW, withEffects: true });
    const few = await measured(FEW);
    const storing = await store(bench, sut, { from: FEW, to: many, withEffects: true });
    const partitions = await secondsOf(() => rowsOf(sut.databaseUrl(STORE), MAINTAIN));
    const sizes = await sizesOf(sut);
    return { few, upkeep: { ...storing, partitions, migrations }, sizes, lots: await measured(many) };
  });
  const { few, lots, sizes, upkeep } = found;
  const checks = LOADS.map((load, n) => growthCheck(load, lots[n]!.totalCpu / few[n]!.totalCpu));
  return {
    parts: [
      runTable([...few, ...lots]),
      checkTable(checks),
      sizeTable(sizes, many),
      upkeepTable(upkeep, many),
    ],
    report: { runs: [...few, ...lots], sizes, upkeep, checks },
    passed: checks.every(({ ok }) => ok),
  };
}

/** @throws Problem when the data would not fit the disk */
function refuseSmallDisk(orders: number): void {
  const { bavail, bsize } = statfsSync(ROOT);
  const gib = (bytes: number): string => `${figure(bytes / 2 ** 30, 1)} GiB`;
  const needed = orders * BYTES_AN_ORDER;
  if (needed > bavail * bsize)
    throw new Problem(`${orders} orders need ${gib(needed)}, and the disk has ${gib(bavail * bsize)} left.`);
}

function growthCheck(load: LoadName, growth: number): Check {
  return {
    name: `CPU per request of ${load}, many ÷ few`,
    measured: figure(growth, 2),
    wanted: `≤ ${MOST_GROWTH}`,
    ok: growth <= MOST_GROWTH,
  };
}

function runTable(runs: readonly Run[]): Table {
  const rows = runs.map((run) => [
    run.name,
    figure(run.perSecond),
    figure(run.p99Ms),
    ...GROUPS.map((group) => figure(run.cpu[group], 3)),
    figure(run.totalCpu, 3),
  ]);
  return { head: ['CPU-s per 1,000', 'requests/s', 'p99 ms', ...GROUPS, 'total'], rows, bars: 'total' };
}

function sizeTable(sizes: readonly Size[], orders: number): Table {
  const perMillion = (bytes: number): string => figure(((bytes / orders) * 1e6) / 2 ** 20);
  const rows = sizes.map(({ database, name, kind, bytes }) => [
    `${database}: ${kind} ${name}`,
    perMillion(bytes),
    figure(bytes / 2 ** 20),
  ]);
  const all = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const total = ['all', perMillion(all), figure(all / 2 ** 20)];
  return { head: ['', 'MiB per million orders', 'MiB'], rows: [...rows, total] };
}

function upkeepTable({ insert, vacuum, checkpoint, partitions, migrations }: Upkeep, orders: number): Table {
  const rows = [
    ['storing them by SQL', figure(insert, 1)],
    ['VACUUM ANALYZE after it', figure(vacuum, 1)],
    ['CHECKPOINT after it', figure(checkpoint, 1)],
    ['upkeep of the partitions', figure(partitions, 3)],
    ...migrations.map(({ name, seconds }) => [`migration ${name}`, figure(seconds, 3)]),
  ];
  return { head: [`with ${orders.toLocaleString('en')} orders`, 'seconds'], rows };
}
