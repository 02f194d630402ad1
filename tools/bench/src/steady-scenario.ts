import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { closedLoop, warmUp } from './closed-loop.ts';
import { checkTable, type Check, type Outcome, type Part } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

const CONNECTIONS = 64;

/** Peak load for a minute: the log grows unless relay and consumers keep up. */
export async function runSteady(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const { seconds } = options;
  const generator = await resolveGenerator(signal);
  const { run, pending } = await bench.withSystem({}, async (sut) => {
    await warmUp(bench, sut, { generator });
    const over = new AbortController();
    const watching = watchLog(sut, over.signal);
    const run = await closedLoop(bench, sut, { generator, connections: CONNECTIONS, seconds }).finally(() =>
      over.abort(),
    );
    return { run, pending: (await watching).slice(0, seconds) };
  });
  const third = Math.ceil(pending.length / 3);
  const growth = mean(pending.slice(-third)) - mean(pending.slice(0, third));
  // Less than the orders of half a second is a fluctuation, not growth.
  const most = run.perSecond / 2;
  const checks: Check[] = [
    {
      name: 'log, last third – first third',
      measured: `${figure(growth)} events`,
      wanted: `≤ ${figure(most)}`,
      ok: growth <= most,
    },
    {
      name: 'orders with their effect',
      measured: `${run.effects} of ${run.orders}`,
      wanted: 'all',
      ok: run.complete,
    },
  ];
  const parts: Part[] = [
    { title: 'unpublished events', unit: 'events', seconds, lines: { log: pending } },
    checkTable(checks),
    `${figure(run.perSecond)} orders/s for ${seconds} s; unpublished at most ${Math.max(...pending)}; event lag ${figure(run.lag.p50Ms)} ms (p50), ${figure(run.lag.p99Ms)} ms (p99)`,
  ];
  return { parts, report: { run, pending, checks }, passed: checks.every(({ ok }) => ok) };
}

/** Reads the number of unpublished events once a second. */
async function watchLog(sut: SystemUnderLoad, signal: AbortSignal): Promise<number[]> {
  const pending: number[] = [];
  while (!signal.aborted) {
    await delay(1_000, undefined, { signal }).catch(() => undefined);
    pending.push(await sut.metric('orders', 'outbox_pending'));
  }
  return pending;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
