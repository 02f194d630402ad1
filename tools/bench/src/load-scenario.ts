import { of } from '@orders/dev/stack/wiring';
import type { Bench } from './bench.ts';
import { calibrate, prepareCalibration, type Calibration, type Script } from './calibration/calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { closedLoop, type Run, summarise, warmUp } from './closed-loop.ts';
import type { Generator } from './load/generator.ts';
import { openLoop } from './load/open-loop.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { measure } from './measure.ts';
import { perGroup, type PerGroup } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

export interface LoadReport {
  generator: string;
  calibration: Record<'before' | 'after' | 'fifty', Calibration>;
  runs: Run[];
  idleMiB: PerGroup<number>;
  /** Total processor time per 1,000 orders at 64 connections ÷ Postgres's for pgbench's, one by one. */
  ratioToCalibration: number;
}

const MOST_QUOTED = 64;

/** Measures the peak at each number of connections, the event lag at half of it, and the calibration before and after. */
export async function runLoad(bench: Bench): Promise<LoadReport> {
  const { options, signal } = bench;
  const pgbench = await resolvePgbench(signal);
  const generator = await bench.step('load generator', () => resolveGenerator(signal));
  const plain = await bench.withSystem({}, async (sut) => {
    await prepareCalibration(sut);
    const memory = sut.memory();
    const idleMiB = perGroup((group) => of(memory, group).now);
    const calibration = (script: Script) =>
      bench.step(`pgbench ${script}`, () =>
        calibrate(sut, script, { pgbench, seconds: options.seconds, signal }),
      );
    await warmUp(bench, sut, { generator });
    const before = await calibration('one-by-one');
    const peaks: Run[] = [];
    for (const connections of options.connections ?? [MOST_QUOTED])
      peaks.push(await closedLoop(bench, sut, { generator, connections, seconds: options.seconds }));
    const after = await calibration('one-by-one');
    const half = await halfLoad(bench, sut, Math.max(...peaks.map((run) => run.perSecond)) / 2);
    const fifty = await calibration('fifty');
    return { idleMiB, peaks, half, calibration: { before, after, fifty } };
  });
  const { peaks, half, calibration, idleMiB } = plain;
  const quoted = peaks.find(({ name }) => name === `${MOST_QUOTED} connections`) ?? peaks[0]!;
  return {
    generator: generator.name,
    calibration,
    runs: [...peaks, half, ...(options.quick ? [] : [await tracedPeak(bench, generator)])],
    idleMiB,
    ratioToCalibration:
      quoted.totalCpu / ((calibration.before.postgresCpu + calibration.after.postgresCpu) / 2),
  };
}

function tracedPeak(bench: Bench, generator: Generator): Promise<Run> {
  return bench.withSystem({ tracing: { ratio: 0.1, protocol: 'http/protobuf' } }, async (sut) => {
    await warmUp(bench, sut, { generator });
    const { seconds } = bench.options;
    const run = await closedLoop(bench, sut, { generator, connections: MOST_QUOTED, seconds });
    if (sut.exports === 0) throw new Error('tracing was on, yet no span was exported');
    return { ...run, name: `${run.name}, 10 % traced` };
  });
}

/** Open loop: orders are due at fixed times, however long the earlier ones take. */
export function halfLoad(
  { step, signal, options }: Bench,
  sut: SystemUnderLoad,
  perSecond: number,
): Promise<Run> {
  const name = 'half of the peak';
  return step(name, async () => {
    const { seconds } = options;
    const load = { api: sut.api, tokens: await sut.tokens(), perSecond, seconds };
    const measured = await measure(sut, signal, async () => {
      const { byStatus, due, ...result } = await openLoop(load, signal);
      const acknowledged = byStatus['201'] ?? 0;
      return { ...result, acknowledged, errors: due - acknowledged, reads: 0, writes: result.sent };
    });
    return summarise(name, measured, 0);
  });
}
