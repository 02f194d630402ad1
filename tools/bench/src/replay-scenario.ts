import { join } from 'node:path';
import type { Consumer } from '@orders/dev/stack/event-flow';
import { readEnvironments } from '@orders/dev/stack/environments';
import { ROOT } from '@orders/dev/stack/paths';
import { run } from '@orders/dev/stack/run';
import { until } from '@orders/dev/stack/until';
import type { Bench } from './bench.ts';
import { CONSUMERS, ofConsumer, type PerConsumer } from './consumers.ts';
import { rowsOf } from './database.ts';
import { STORE } from './effects.ts';
import { figure } from './figure.ts';
import { store } from './loader.ts';
import { checkTable, type Check, type Outcome } from './outcome.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

/** Wanted rate of a replay and of a draining log, in events a second. */
export const WANTED_PER_SECOND = 2_000;
const SINCE = '2000-01-01T00:00:00Z';
const CAUGHT_UP_WITHIN_MS = 10 * 60_000;

/** How one consumer handled the events. */
interface Replayed {
  /** Events a second, from the first effect to the last; NaN without a table of effects. */
  drained: number;
  /** Events a second, from the start of the command to the last event seen again. */
  replayed: number;
  before: object | undefined;
  after: object | undefined;
}

/** Publishes and applies a log of events, then replays it to each consumer with the operators' command. */
export async function runReplay(bench: Bench): Promise<Outcome> {
  const { events } = bench.options;
  const consumers = await bench.withSystem({}, async (sut) => {
    await store(bench, sut, { from: 0, to: events, withEffects: false });
    await bench.step('the log drains', () => caughtUp(sut, CONSUMERS, { events, outcome: 'applied' }));
    const found: PerConsumer<Replayed> = {};
    for (const consumer of CONSUMERS) found[consumer.name] = await replayTo(consumer, bench, sut);
    return found;
  });
  const checks = Object.entries(consumers).flatMap(([name, found]) => checksOf(name, found, events));
  return {
    parts: [checkTable(checks)],
    report: { events, consumers, checks },
    passed: checks.every(({ ok }) => ok),
  };
}

async function replayTo(consumer: Consumer, bench: Bench, sut: SystemUnderLoad): Promise<Replayed> {
  const { events } = bench.options;
  const drained = events / (await secondsOfEffects(sut, consumer));
  const before = await stateOf(sut, consumer);
  const began = performance.now();
  await bench.step(ofConsumer('npm run orders -- replay', consumer.name), async (step) => {
    await replayCommand(consumer.name, bench, { sut, onLine: (line) => step.update(line) });
    await caughtUp(sut, [consumer], { events, outcome: 'duplicate' });
  });
  const seconds = (performance.now() - began) / 1_000;
  return { drained, replayed: events / seconds, before, after: await stateOf(sut, consumer) };
}

function checksOf(name: string, { drained, replayed, before, after }: Replayed, events: number): Check[] {
  const unchanged = JSON.stringify(before) === JSON.stringify(after);
  return [
    ...(Number.isNaN(drained)
      ? []
      : [rate(ofConsumer(`${events} events of a log, first effect to last`, name), drained)]),
    rate(ofConsumer(`${events} events replayed, command to last`, name), replayed),
    {
      name: ofConsumer('effects after the replay', name),
      measured: unchanged ? 'unchanged' : 'CHANGED',
      wanted: 'unchanged',
      ok: unchanged,
    },
  ];
}

/** The state that a replay must not change. */
async function stateOf(sut: SystemUnderLoad, { name, table }: Consumer): Promise<object | undefined> {
  const effects = `
    (SELECT count(*)::int FROM ${table}) AS effects, (SELECT sum(events_applied)::int FROM ${table}) AS applied,
    (SELECT max(pg_xact_commit_timestamp(xmin))::text FROM ${table}) AS "lastChange",`;
  const [state] = await rowsOf<object>(
    sut.databaseUrl(name),
    `SELECT ${table === undefined ? '' : effects} (SELECT count(*)::int FROM inbox) AS inbox,
            (SELECT count(*)::int FROM dead_letter) AS "deadLetters"`,
  );
  return state;
}

/** Seconds from the commit of the first effect to the commit of the last; NaN without a table of effects. */
export async function secondsOfEffects(sut: SystemUnderLoad, { name, table }: Consumer): Promise<number> {
  if (table === undefined) return NaN;
  const [row] = await rowsOf<{ seconds: number }>(
    sut.databaseUrl(name),
    `SELECT extract(epoch FROM max(at) - min(at))::float8 AS seconds
     FROM (SELECT pg_xact_commit_timestamp(xmin) AS at FROM ${table}) AS effects`,
  );
  return row?.seconds ?? NaN;
}

export function rate(name: string, perSecond: number): Check {
  const wanted = `≥ ${WANTED_PER_SECOND} a second`;
  return { name, measured: `${figure(perSecond)} a second`, wanted, ok: perSecond >= WANTED_PER_SECOND };
}

/** Resolves once each consumer has counted this many events as applied, or as duplicates. */
export async function caughtUp(
  sut: SystemUnderLoad,
  consumers: readonly Consumer[],
  { events, outcome }: { events: number; outcome: 'applied' | 'duplicate' },
): Promise<void> {
  for (const { name } of consumers)
    await until(async () => (await sut.metric(name, 'consumer_events_total', { outcome })) >= events, {
      timeoutMs: CAUGHT_UP_WITHIN_MS,
      everyMs: 250,
      what: `${events} events ${outcome} by ${name}`,
    });
}

/** Runs what `npm run orders -- replay …` runs. */
async function replayCommand(
  consumer: string,
  { signal }: Bench,
  { sut, onLine }: { sut: SystemUnderLoad; onLine: (line: string) => void },
): Promise<void> {
  const args = ['replay', '--since', SINCE, '--to', consumer, '--rate', '1000000', '--yes'];
  const env = { ...process.env, ...readEnvironments(sut.dataDir)?.[STORE] };
  await run(process.execPath, [join(ROOT, `apps/${STORE}/dist/cli.js`), ...args], {
    cwd: ROOT,
    env,
    signal,
    onLine,
  });
}
