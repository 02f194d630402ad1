import type { Bench } from './bench.ts';
import { CONSUMERS, ofConsumer, type PerConsumer } from './consumers.ts';
import { figure } from './figure.ts';
import { openLoop, type OpenLoopResult } from './load/open-loop.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import { caughtUp, rate, secondsOfEffects } from './replay-scenario.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** Orders a second while NATS is down: any machine with two cores can take that many. */
const PER_SECOND = 500;

/** Takes orders while NATS is down, then waits until the log has drained. */
export async function runOutage(bench: Bench): Promise<Outcome> {
  const { seconds } = bench.options;
  const found = await bench.withSystem({}, (sut) => throughOutage(bench, sut));
  const { taken, stored, perSecond, caughtUpS } = found;
  const checks: Check[] = [
    {
      name: `orders taken in ${seconds} s`,
      measured: `${stored} of ${taken.due} (${answers(taken)})`,
      wanted: 'all',
      ok: stored === taken.due,
    },
    ...Object.entries(perSecond).map(([name, applied]) =>
      rate(ofConsumer('events applied, first to last', name), applied),
    ),
  ];
  const parts = [
    checkTable(checks),
    `answered in ${figure(taken.p50Ms)} ms (p50), ${figure(taken.p99Ms)} ms (p99); all caught up ${figure(caughtUpS, 1)} s after NATS was back`,
  ];
  return { parts, report: { ...found, checks }, passed: checks.every(({ ok }) => ok) };
}

async function throughOutage({ signal, options: { seconds }, step }: Bench, sut: SystemUnderLoad) {
  await sut.nats.stop();
  const load = { api: sut.api, tokens: await sut.tokens('customer'), perSecond: PER_SECOND, seconds };
  const taken = await step(`orders for ${seconds} s without NATS`, () => openLoop(load, signal));
  const stored = taken.byStatus['201'] ?? 0;
  await sut.nats.start();
  const began = performance.now();
  await step('the log drains', () => caughtUp(sut, CONSUMERS, { events: stored, outcome: 'applied' }));
  const caughtUpS = (performance.now() - began) / 1_000;
  const perSecond: PerConsumer<number> = {};
  for (const consumer of CONSUMERS)
    if (consumer.table) perSecond[consumer.name] = stored / (await secondsOfEffects(sut, consumer));
  return { taken, stored, caughtUpS, perSecond };
}

/** `201: 10, 503: 1` */
function answers({ byStatus }: OpenLoopResult): string {
  return Object.entries(byStatus)
    .map(([status, count]) => `${status}: ${count}`)
    .join(', ');
}
