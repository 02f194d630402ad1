import { join } from 'node:path';
import { readEnvironments } from '@orders/dev/stack/environments';
import { ROOT } from '@orders/dev/stack/paths';
import { run } from '@orders/dev/stack/run';
import { until } from '@orders/dev/stack/until';
import type { Bench } from './bench.ts';
import { rowsOf } from './database.ts';
import { figure } from './figure.ts';
import { store } from './loader.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** Events a second, of a replay and of a log that drains. */
export const WANTED_PER_SECOND = 2_000;
const SINCE = '2000-01-01T00:00:00Z';
const CAUGHT_UP_WITHIN_MS = 10 * 60_000;

const EFFECTS = `
  SELECT count(*)::int AS shipments, sum(events_applied)::int AS applied, max(updated_at)::text AS "lastChange",
         (SELECT count(*)::int FROM inbox) AS inbox, (SELECT count(*)::int FROM dead_letter) AS letters
  FROM shipments`;

const APPLIED_IN = `SELECT extract(epoch FROM max(planned_at) - min(planned_at))::float8 AS seconds FROM shipments`;

/** A log of so many events is published and applied, then published again to the consumer by the operators' command. */
export async function runReplay(bench: Bench): Promise<Outcome> {
  const { events } = bench.options;
  const { drained, replayed, before, after } = await bench.withSystem({}, async (sut) => {
    await store(bench, sut, { from: 0, to: events, withEffects: false });
    await bench.step('the log drains', () => caughtUp(sut, events, 'applied'));
    const [row] = await rowsOf<{ seconds: number }>(sut.databaseUrl('fulfillment'), APPLIED_IN);
    const effects = async () => (await rowsOf<object>(sut.databaseUrl('fulfillment'), EFFECTS))[0];
    const before = await effects();
    const began = performance.now();
    await bench.step('npm run orders -- replay', async (step) => {
      await replayCommand(bench, sut, (line) => step.update(line));
      await caughtUp(sut, events, 'duplicate');
    });
    const seconds = (performance.now() - began) / 1_000;
    return {
      drained: events / (row?.seconds ?? NaN),
      replayed: events / seconds,
      before,
      after: await effects(),
    };
  });
  const unchanged = JSON.stringify(before) === JSON.stringify(after);
  const checks: Check[] = [
    rate(`${events} events of a log, first effect to last`, drained),
    rate(`${events} events replayed, command to last`, replayed),
    {
      name: 'effects after the replay',
      measured: unchanged ? 'unchanged' : 'CHANGED',
      wanted: 'unchanged',
      ok: unchanged,
    },
  ];
  const text = checkTable(checks);
  return {
    text,
    report: { events, drained, replayed, before, after, checks },
    passed: checks.every(({ ok }) => ok),
  };
}

export function rate(name: string, perSecond: number): Check {
  const wanted = `≥ ${WANTED_PER_SECOND} a second`;
  return { name, measured: `${figure(perSecond)} a second`, wanted, ok: perSecond >= WANTED_PER_SECOND };
}

/** Resolves once the consumer has said of so many events that they were applied, or known already. */
export async function caughtUp(
  sut: SystemUnderLoad,
  events: number,
  outcome: 'applied' | 'duplicate',
): Promise<void> {
  await until(async () => (await sut.metric('fulfillment', 'consumer_events_total', { outcome })) >= events, {
    timeoutMs: CAUGHT_UP_WITHIN_MS,
    everyMs: 250,
    what: `${events} events ${outcome} by the consumer`,
  });
}

/** What `npm run orders -- replay …` runs. */
async function replayCommand(
  { signal }: Bench,
  { dataDir }: SystemUnderLoad,
  onLine: (line: string) => void,
): Promise<void> {
  const args = ['replay', '--since', SINCE, '--to', 'fulfillment', '--rate', '1000000', '--yes'];
  const env = { ...process.env, ...readEnvironments(dataDir)?.orders };
  await run(process.execPath, [join(ROOT, 'apps/orders/dist/cli.js'), ...args], {
    cwd: ROOT,
    env,
    signal,
    onLine,
  });
}
