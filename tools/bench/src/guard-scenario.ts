import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import type { Bench } from './bench.ts';
import { prepareCalibration } from './calibration/calibration.ts';
import { calibratedCpu, calibrateLoads } from './calibration/load-calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { closedLoop, warmUp } from './closed-loop.ts';
import { CONSUMERS } from './consumers.ts';
import { figure } from './figure.ts';
import type { Generator } from './load/generator.ts';
import { loadOf } from './load/loads.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { prepareLoads } from './loads-scenario.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { HAS_PROC } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

const FOLDER = import.meta.dirname;
const MOST_ROUNDS = 5;
const GUARDED = ['post', 'reads', 'mixed'] as const;
type Guarded = (typeof GUARDED)[number];

export interface Baseline {
  /** CPU per request ÷ calibration, as it is today with one consumer. */
  ratio: number;
  /** What each further consumer may add to it: the cost of the first, its share of Postgres and NATS included. */
  consumer: number;
  /** CPU of one request in all processes, in microseconds. A planted cost is a percentage of it. */
  cpuUs: number;
  /** The guard fails above this many times the ratio. */
  tolerance: number;
}

/** What was measured of one load, in each round. */
interface Guard {
  load: Guarded;
  most: number;
  ratios: number[];
}

/**
 * A short bench that fails when the CPU of a request has risen relative to pgbench. Loads and calibration take turns, so that
 * other work on the machine disturbs both alike. One round within the limit is enough: a disturbance only raises the cost.
 */
export async function runGuard(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  if (!HAS_PROC) return notDone('processor time cannot be read here');
  const pgbench = await resolvePgbench(signal).catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
  if (pgbench instanceof Problem) return notDone(pgbench.message);
  const generator = await resolveGenerator(signal);
  const guards = await bench.withSystem({ env: options.plant > 0 ? burning() : {} }, async (sut) => {
    await prepareCalibration(sut);
    await prepareLoads(bench, sut, GUARDED);
    await warmUp(bench, sut, { generator, loads: GUARDED });
    return guardAll(bench, sut, { generator, pgbench });
  });
  const checks = guards.map(checkOf);
  return {
    parts: [checkTable(checks)],
    report: { guards, plant: options.plant },
    passed: checks.every(({ ok }) => ok),
  };
}

/** Rounds of calibration and loads, until each load has been within its limit once. */
async function guardAll(
  bench: Bench,
  sut: SystemUnderLoad,
  { generator, pgbench }: { generator: Generator; pgbench: string },
): Promise<Guard[]> {
  const { seconds, plant } = bench.options;
  const baselines = JSON.parse(readFileSync(join(FOLDER, 'guard.json'), 'utf8')) as Record<Guarded, Baseline>;
  const guards = GUARDED.map((load): Guard => {
    return { load, most: limitOf(baselines[load], CONSUMERS.length), ratios: [] };
  });
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const left = guards.filter((guard) => !isWithin(guard));
    if (left.length === 0) break;
    const loads = left.map(({ load }) => loadOf(load));
    const protocols = ['simple'] as const;
    const calibrations = await calibrateLoads(bench, sut, { pgbench, seconds, loads, protocols });
    for (const { load, ratios } of left) {
      const headers = burn((baselines[load].cpuUs * plant) / 100);
      const run = await closedLoop(bench, sut, { generator, load, seconds, name: load, headers });
      ratios.push(run.totalCpu / calibratedCpu(loadOf(load), calibrations, 'simple'));
    }
  }
  return guards;
}

function isWithin({ ratios, most }: Guard): boolean {
  return ratios.some((ratio) => ratio <= most);
}

function checkOf(guard: Guard): Check {
  return {
    name: `${guard.load}: CPU per request ÷ calibration`,
    measured: guard.ratios.map((each) => figure(each, 2)).join(', '),
    wanted: `one ≤ ${figure(guard.most, 2)}`,
    ok: isWithin(guard),
  };
}

/** The highest ratio allowed. Each further consumer raises it, since it adds to the cost of an order. */
export function limitOf({ ratio, consumer, tolerance }: Baseline, consumers: number): number {
  return (ratio + consumer * Math.max(0, consumers - 1)) * tolerance;
}

function notDone(why: string): Outcome {
  return { parts: [`not done: ${why}`], report: { notDone: why }, passed: true };
}

/** Every app preloads it, but only the gateway serves requests of customers. */
function burning(): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${pathToFileURL(join(FOLDER, 'burn.mjs')).href}` };
}

/** The header that makes burn.mjs burn. */
function burn(us: number): Record<string, string> {
  return us > 0 ? { 'Bench-Burn-Us': String(us) } : {};
}
