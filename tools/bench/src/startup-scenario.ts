import { setTimeout as delay } from 'node:timers/promises';
import { APPS } from '@orders/dev/stack/declarations';
import { answersOk, until } from '@orders/dev/stack/until';
import { byName, of } from '@orders/dev/stack/wiring';
import type { Bench } from './bench.ts';
import { closedLoop } from './closed-loop.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import type { Outcome, Part } from './outcome.ts';
import { percentile } from './percentile.ts';
import { cpuSeconds, memoryMiB } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** One start of one app. */
interface Start {
  /** From the spawn to the first 200 of /readyz. */
  readyMs: number;
  /** Processor time until then, user and system. */
  cpuMs: number;
  /** Resident after {@link IDLE_MS} without work. */
  idleMiB: number;
}

/** One value for each app, by its name. */
type PerApp<T> = Record<string, T>;

/** Medians of the starts with a compile cache, as in `npm start`, and without one, as in a fresh container. */
interface StartupReport {
  starts: number;
  withCompileCache: PerApp<Start>;
  withoutCompileCache: PerApp<Start>;
  /** Resident memory after the load that follows the starts with a compile cache. */
  loadedMiB: PerApp<number>;
}

const STARTS = 10;
const QUICK_STARTS = 3;
const IDLE_MS = 5_000;
const LOAD = { connections: 64, seconds: 10 };

/** Restarts each app of a running system several times; the first start of each is not counted. */
export async function runStartup(bench: Bench): Promise<Outcome> {
  const starts = bench.options.quick ? QUICK_STARTS : STARTS;
  const cached = await bench.withSystem({}, async (sut) => {
    const medians = await startRepeatedly(bench, sut, { starts, title: 'with compile cache' });
    return { medians, loadedMiB: await loaded(bench, sut) };
  });
  const withoutCompileCache = await bench.withSystem({ env: { NODE_COMPILE_CACHE: '' } }, (sut) =>
    startRepeatedly(bench, sut, { starts, title: 'without compile cache' }),
  );
  const report = {
    starts,
    withCompileCache: cached.medians,
    withoutCompileCache,
    loadedMiB: cached.loadedMiB,
  };
  return { report, parts: startupReport(report), passed: true };
}

function startupReport(report: StartupReport): Part[] {
  const columns = ['ready ms', 'CPU ms', 'idle MiB'];
  const figures = ({ readyMs, cpuMs, idleMiB }: Start) =>
    [readyMs, cpuMs, idleMiB].map((value) => figure(value));
  const rows = APPS.map(({ name }) => [
    name,
    ...figures(of(report.withCompileCache, name)),
    ...figures(of(report.withoutCompileCache, name)),
    figure(report.loadedMiB[name]),
  ]);
  const header = [
    '',
    ...columns,
    ...columns.map((column) => `first ${column}`),
    `MiB after ${LOAD.seconds} s of load`,
  ];
  return [
    { head: header, rows },
    `Medians of ${report.starts} starts; "first" without a compile cache, as in a container.`,
  ];
}

async function startRepeatedly(
  { step, signal }: Bench,
  sut: SystemUnderLoad,
  { starts, title }: { starts: number; title: string },
): Promise<PerApp<Start>> {
  const rounds: PerApp<Start>[] = [];
  for (let round = 0; round <= starts; round += 1) {
    const measured = await step(`start ${round} of ${starts}, ${title}`, () => startAll(sut, signal));
    if (round > 0) rounds.push(measured);
  }
  const median = (app: string, key: keyof Start): number =>
    percentile(
      rounds.map((round) => of(round, app)[key]).toSorted((a, b) => a - b),
      0.5,
    );
  return byName(APPS, ({ name }) => ({
    readyMs: median(name, 'readyMs'),
    cpuMs: median(name, 'cpuMs'),
    idleMiB: median(name, 'idleMiB'),
  }));
}

/** Starts one app after the other, so that they do not compete for processor time. */
async function startAll(sut: SystemUnderLoad, signal: AbortSignal): Promise<PerApp<Start>> {
  const { apps } = sut.system;
  for (const { name } of APPS) await of(apps, name).stop();
  const begun: PerApp<Omit<Start, 'idleMiB'>> = {};
  for (const { name } of APPS) begun[name] = await startOne(sut, name, signal);
  await delay(IDLE_MS, undefined, { signal });
  return byName(APPS, ({ name }) => ({
    ...of(begun, name),
    idleMiB: memoryMiB(of(apps, name).pid!).now,
  }));
}

async function startOne(
  { system }: SystemUnderLoad,
  name: string,
  signal: AbortSignal,
): Promise<Omit<Start, 'idleMiB'>> {
  const app = of(system.apps, name);
  const from = performance.now();
  const supervised = app.start({ signal });
  const ready = () => answersOk(`${of(system.urls.management, name)}/readyz`);
  await until(ready, { timeoutMs: 30_000, everyMs: 5, signal, what: `${name} to be ready` });
  const readyMs = performance.now() - from;
  const cpuMs = cpuSeconds(app.pid!) * 1_000;
  await supervised;
  return { readyMs, cpuMs };
}

async function loaded(bench: Bench, sut: SystemUnderLoad): Promise<PerApp<number>> {
  const generator = await resolveGenerator(bench.signal);
  await closedLoop(bench, sut, { generator, ...LOAD });
  const memory = sut.memory();
  return byName(APPS, ({ name }) => of(memory, name).now);
}
