import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from './bench.ts';
import { calibrate, prepareCalibration } from './calibration/calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, warmUp } from './load-scenario.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { figure } from './table.ts';

const FOLDER = import.meta.dirname;
const ROUNDS = 3;
const CONNECTIONS = 64;

interface Baseline {
  /** CPU per order ÷ calibration, as it is today. */
  ratio: number;
  /** Of one order, all processes, in microseconds: what a planted share is a share of. */
  cpuUs: number;
  /** More than so many times the ratio fails. */
  tolerance: number;
}

/**
 * A short bench that fails when an order has become dearer relative to pgbench. Load and calibration take turns, and the
 * middle of three rounds counts, so that a neighbour on the machine disturbs both alike or is left out.
 */
export async function runGuard(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const { plant, seconds } = options;
  const baseline = JSON.parse(readFileSync(join(FOLDER, 'guard.json'), 'utf8')) as Baseline;
  const pgbench = await resolvePgbench(signal);
  const generator = await resolveGenerator(signal);
  const ratios = await bench.withSystem(
    { env: plant > 0 ? planted(baseline.cpuUs, plant) : {} },
    async (sut) => {
      await prepareCalibration(sut);
      await warmUp(bench, sut, generator);
      const rounds: number[] = [];
      while (rounds.length < ROUNDS) {
        const { postgresCpu } = await bench.step('pgbench', () =>
          calibrate(sut, 'one-by-one', { pgbench, seconds, signal }),
        );
        const { totalCpu } = await closedLoop(bench, sut, { generator, connections: CONNECTIONS, seconds });
        rounds.push(totalCpu / postgresCpu);
      }
      return rounds.sort((a, b) => a - b);
    },
  );
  const ratio = ratios[Math.floor(ROUNDS / 2)]!;
  const most = baseline.ratio * baseline.tolerance;
  const check: Check = {
    name: 'CPU per order ÷ calibration',
    measured: `${figure(ratio, 2)} (${ratios.map((each) => figure(each, 2)).join(', ')})`,
    wanted: `≤ ${figure(most, 2)}`,
    ok: ratio <= most,
  };
  return { text: checkTable([check]), report: { ratio, ratios, most, plant }, passed: check.ok };
}

/** Every app is given it; only the gateway serves requests of orders by HTTP. */
function planted(cpuUs: number, percent: number): NodeJS.ProcessEnv {
  const preload = pathToFileURL(join(FOLDER, 'burn.mjs')).href;
  return { NODE_OPTIONS: `--import ${preload}`, BENCH_BURN_US: String((cpuUs * percent) / 100) };
}
