import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Problem } from '@orders/dev/bootstrap/problem.mjs';
import type { Bench } from './bench.ts';
import { calibrate, prepareCalibration } from './calibration/calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { CONSUMERS } from './consumers.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, warmUp } from './closed-loop.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { HAS_PROC } from './processes.ts';

const FOLDER = import.meta.dirname;
const MOST_ROUNDS = 5;
const CONNECTIONS = 64;

export interface Baseline {
  /** CPU per order ÷ calibration, as it is today with one consumer. */
  ratio: number;
  /** What each further consumer may add to it: the cost of the first, its share of Postgres and NATS included. */
  consumer: number;
  /** CPU of one order in all processes, in microseconds. A planted cost is a percentage of it. */
  cpuUs: number;
  /** The guard fails above this many times the ratio. */
  tolerance: number;
}

/**
 * A short bench that fails when the CPU of an order has risen relative to pgbench. Load and calibration take turns, so that
 * other work on the machine disturbs both alike. One round within the limit is enough: a disturbance only raises the cost.
 */
export async function runGuard(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const { plant, seconds } = options;
  const baseline = JSON.parse(readFileSync(join(FOLDER, 'guard.json'), 'utf8')) as Baseline;
  const most = limitOf(baseline, CONSUMERS.length);
  if (!HAS_PROC) return notDone('processor time cannot be read here');
  const pgbench = await resolvePgbench(signal).catch((error: unknown) => {
    if (error instanceof Problem) return error;
    throw error;
  });
  if (pgbench instanceof Problem) return notDone(pgbench.message);
  const generator = await resolveGenerator(signal);
  const ratios = await bench.withSystem(
    { env: plant > 0 ? planted(baseline.cpuUs, plant) : {} },
    async (sut) => {
      await prepareCalibration(sut);
      await warmUp(bench, sut, { generator });
      const rounds: number[] = [];
      do {
        const calibration = () => calibrate(sut, 'one-by-one', { pgbench, seconds, signal });
        const { postgresCpu } = await bench.step('pgbench', calibration);
        const { totalCpu } = await closedLoop(bench, sut, { generator, connections: CONNECTIONS, seconds });
        rounds.push(totalCpu / postgresCpu);
      } while (rounds.length < MOST_ROUNDS && rounds.at(-1)! > most);
      return rounds;
    },
  );
  const ratio = Math.min(...ratios);
  const check: Check = {
    name: 'CPU per order ÷ calibration',
    measured: ratios.map((each) => figure(each, 2)).join(', '),
    wanted: `one ≤ ${figure(most, 2)}`,
    ok: ratio <= most,
  };
  return { parts: [checkTable([check])], report: { ratio, ratios, most, plant }, passed: check.ok };
}

/** The highest ratio allowed. Each further consumer raises it, since it adds to the cost of an order. */
export function limitOf({ ratio, consumer, tolerance }: Baseline, consumers: number): number {
  return (ratio + consumer * Math.max(0, consumers - 1)) * tolerance;
}

function notDone(why: string): Outcome {
  return { parts: [`not done: ${why}`], report: { notDone: why }, passed: true };
}

/** Every app preloads it, but only the gateway serves orders over HTTP. */
function planted(cpuUs: number, percent: number): NodeJS.ProcessEnv {
  const preload = pathToFileURL(join(FOLDER, 'burn.mjs')).href;
  return { NODE_OPTIONS: `--import ${preload}`, BENCH_BURN_US: String((cpuUs * percent) / 100) };
}
