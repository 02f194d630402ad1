import { setTimeout as delay } from 'node:timers/promises';
import { APPS } from '@orders/dev/stack/declarations';
import { byName, of } from '@orders/dev/stack/wiring';
import type { Bench } from './bench.ts';
import { preparedLoad, warmUp } from './closed-loop.ts';
import { idOfNow, settled } from './effects.ts';
import { figure } from './figure.ts';
import { resolveGenerator } from './load/resolve-generator.ts';
import { prepareLoads } from './loads-scenario.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { slopeOf } from './slope.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

const LOADS = ['mixed'] as const;
const SAMPLE_EVERY_MS = 1_000;
/** The heap finds its size in this share of the run, which is not judged. */
const WARM_UP_SHARE = 0.25;
/** What the memory of an app may grow by from then on, by the line through all samples: collections make it a saw. */
const MOST_GROWTH_MIB = 10;

/** Resident memory of each app, sampled once a second, in MiB. */
type Samples = Record<string, number[]>;

/** Mixed load for minutes: no memory may grow. */
export async function runSoak(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const seconds = options.minutes * 60;
  const generator = await resolveGenerator(signal);
  const found = await bench.withSystem({}, async (sut) => {
    await prepareLoads(bench, sut, LOADS);
    await warmUp(bench, sut, { generator, loads: LOADS });
    const load = await preparedLoad(sut, { generator, load: 'mixed', seconds });
    const since = idOfNow();
    const over = new AbortController();
    const sampling = sampleMemory(sut, over.signal);
    const result = await bench.step(`mixed load for ${options.minutes} minutes`, () =>
      generator.run(load, signal).finally(() => over.abort()),
    );
    return { result, samples: await sampling, ...(await settled(sut, since, signal)) };
  });
  const { result, samples, orders, effects } = found;
  const most = MOST_GROWTH_MIB / (options.minutes * (1 - WARM_UP_SHARE));
  const growth = Object.entries(samples).map(([name, values]) => ({ name, ...growthOf(values) }));
  const checks: Check[] = [
    ...growth.map(({ name, perMinute, first, last }) => ({
      name: `memory of ${name}`,
      measured: `${figure(perMinute, 2)} MiB a minute, from ${figure(first)} to ${figure(last)} MiB`,
      wanted: `≤ ${figure(most, 2)} a minute`,
      ok: perMinute <= most,
    })),
    ...Object.entries(effects).map(([name, applied]) => ({
      name: `orders with their effect in ${name}`,
      measured: `${applied} of ${orders}`,
      wanted: 'all',
      ok: applied === orders,
    })),
  ];
  const { acknowledged, errors, p99Ms } = result;
  return {
    parts: [
      { title: 'resident memory', unit: 'MiB', seconds, lines: samples },
      checkTable(checks),
      `${figure(acknowledged / seconds)} requests/s, p99 ${figure(p99Ms)} ms, ${errors} refused; the first quarter is not judged.`,
    ],
    report: { ...found, growth, checks },
    passed: checks.every(({ ok }) => ok),
  };
}

async function sampleMemory(sut: SystemUnderLoad, signal: AbortSignal): Promise<Samples> {
  const names = APPS.map(({ name }) => name);
  const samples: Samples = byName(APPS, () => []);
  while (!signal.aborted) {
    const memory = sut.memory(names);
    for (const name of names) of(samples, name).push(of(memory, name).now);
    await delay(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

function growthOf(all: readonly number[]) {
  const values = all.slice(Math.floor(all.length * WARM_UP_SHARE));
  return {
    perMinute: (slopeOf(values) * 60_000) / SAMPLE_EVERY_MS,
    first: values[0] ?? NaN,
    last: values.at(-1) ?? NaN,
  };
}
