import type { Bench } from './bench.ts';
import { callersOf } from './callers.ts';
import type { Generator, Load, LoadResult } from './load/generator.ts';
import { loadOf, type LoadName } from './load/loads.ts';
import { measure, type Measurement } from './measure.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** One load and its result. */
export interface Run extends LoadResult, Measurement {
  name: string;
  /** Requests answered 2xx. */
  perSecond: number;
  /** Every acknowledged order is stored, and every stored order has its effects. Orders cut off may be stored too. */
  complete: boolean;
}

export interface ClosedLoop {
  generator: Generator;
  /** Default: `post`. */
  load?: LoadName;
  /** Default: those of the load. */
  connections?: number | undefined;
  seconds: number;
  /** More headers of every request. */
  headers?: Record<string, string>;
  /** Default: its connections. */
  name?: string;
}

const WARM_UP_S = 8;

/** Sends each of the loads for a part of 8 s. */
export async function warmUp(
  bench: Bench,
  sut: SystemUnderLoad,
  { generator, loads = ['post'] }: { generator: Generator; loads?: readonly LoadName[] },
): Promise<void> {
  const seconds = Math.max(1, Math.round(WARM_UP_S / loads.length));
  await bench.step('warming up', async () => {
    for (const load of loads)
      await generator.run(await preparedLoad(sut, { generator, load, seconds }), bench.signal);
  });
}

/** Closed loop: each connection sends its next request when the last is answered. */
export function closedLoop(bench: Bench, sut: SystemUnderLoad, closed: ClosedLoop): Promise<Run> {
  const connections = connectionsOf(closed);
  const { name = `${connections} connections` } = closed;
  return bench.step(name, async () => {
    const load = await preparedLoad(sut, closed);
    const measured = await measure(sut, bench.signal, () => closed.generator.run(load, bench.signal));
    return summarise(name, measured, connections);
  });
}

/** @param cutOff requests that may have been in flight when the load ended */
export function summarise(name: string, measured: LoadResult & Measurement, cutOff: number): Run {
  const { acknowledged, orders, consumers, seconds, reads, writes, errors } = measured;
  // With reads among them it is unknown which answers were to writes: at least those that exceed all reads.
  const most = reads > 0 ? writes : acknowledged + cutOff + errors;
  const stored = acknowledged - reads <= orders && orders <= most;
  return {
    ...measured,
    name,
    perSecond: acknowledged / seconds,
    complete: stored && Object.values(consumers).every(({ effects }) => effects === orders),
  };
}

/** The load with its callers: what they need is read from the database before it begins. */
export async function preparedLoad(sut: SystemUnderLoad, closed: ClosedLoop): Promise<Load> {
  const { seconds, load = 'post', headers } = closed;
  const { cycle } = loadOf(load);
  const callers = await callersOf(sut, loadOf(load));
  return { api: sut.api, cycle, callers, headers, connections: connectionsOf(closed), seconds };
}

function connectionsOf({ connections, load = 'post' }: ClosedLoop): number {
  return connections ?? loadOf(load).connections;
}
