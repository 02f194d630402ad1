import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import type { Consumer } from '@orders/dev/stack/event-flow';
import type { Bench } from './bench.ts';
import { calibrate, prepareCalibration } from './calibration/calibration.ts';
import { resolvePgbench } from './calibration/pgbench.ts';
import { CONSUMERS } from './consumers.ts';
import { rowsOf } from './database.ts';
import { STORE } from './effects.ts';
import { figure } from './figure.ts';
import { store } from './loader.ts';
import type { Outcome } from './outcome.ts';
import { caughtUp, secondsOfEffects } from './replay-scenario.ts';
import type { PerGroup } from './processes.ts';
import type { SystemUnderLoad } from './system-under-load.ts';

const PUBLISHED_WITHIN_MS = 10 * 60_000;
const LEFT = `
  SELECT EXISTS (SELECT FROM outbox, outbox_cursor AS cursor
                 WHERE (outbox.tx, outbox.position) > (cursor.tx, cursor.position)) AS "isLeft"`;

/** How one consumer worked off the backlog. */
interface Consumption {
  name: string;
  /** Events a second, from the commit of the first effect to that of the last; NaN without a table of effects. */
  perSecond: number;
  /** Processor time per 1,000 events, in seconds. The start of the process is not counted. */
  cpu: PerGroup<number>;
  totalCpu: number;
  peakMiB: number;
}

/** Each consumer alone, with a stream full of events: no other app runs. */
export async function runConsumer(bench: Bench): Promise<Outcome> {
  const { signal, options } = bench;
  const { events, seconds } = options;
  const pgbench = await resolvePgbench(signal);
  const found = await bench.withSystem({}, async (sut) => {
    await prepareCalibration(sut);
    await stopApps(sut, CONSUMERS);
    await store(bench, sut, { from: 0, to: events, withEffects: false });
    await bench.step('the events are published', () => published(sut, signal));
    await stopApps(sut, Object.values(sut.system.apps));
    const consumptions: Consumption[] = [];
    for (const consumer of CONSUMERS) consumptions.push(await consume(consumer, bench, sut));
    const calibration = await bench.step('pgbench one-by-one', () =>
      calibrate(sut, 'one-by-one', { pgbench, seconds, signal }),
    );
    return { consumptions, calibration };
  });
  const { consumptions, calibration } = found;
  const rows = consumptions.map(({ name, perSecond, cpu, totalCpu, peakMiB }) => [
    name,
    figure(perSecond),
    ...[of(cpu, name), of(cpu, 'postgres'), of(cpu, 'nats'), totalCpu].map((value) => figure(value, 3)),
    figure(totalCpu / calibration.postgresCpu, 2),
    figure(peakMiB),
  ]);
  const costs = ['itself', 'postgres', 'nats', 'total', '÷ pgbench'];
  const head = [`${events.toLocaleString('en')} events, CPU-s per 1,000`, 'events/s', ...costs, 'peak MiB'];
  const pgbenchText = `pgbench, an order each: ${figure(calibration.perSecond)} a second, ${figure(calibration.postgresCpu, 3)} CPU-s of Postgres per 1,000.`;
  return { parts: [{ head, rows }, pgbenchText], report: { events, ...found }, passed: true };
}

async function consume(consumer: Consumer, { step, options }: Bench, sut: SystemUnderLoad) {
  const { name } = consumer;
  const { events } = options;
  const groups = [name, 'postgres', 'nats'];
  const state = async () => ({
    applied: await sut.metric(name, 'consumer_events_total', { outcome: 'applied' }),
    cpu: sut.cpu(groups),
  });
  return step(`${events.toLocaleString('en')} events for ${name}`, async (): Promise<Consumption> => {
    await of(sut.system.apps, name).start();
    const before = await state();
    await caughtUp(sut, [consumer], { events, outcome: 'applied' });
    const after = await state();
    const applied = after.applied - before.applied;
    const costOf = (group: string) => (of(after.cpu, group) - of(before.cpu, group)) / applied;
    const cpu = Object.fromEntries(groups.map((group) => [group, costOf(group) * 1_000]));
    const peakMiB = of(sut.memory([name]), name).peak;
    await of(sut.system.apps, name).stop();
    const totalCpu = Object.values(cpu).reduce((sum, value) => sum + value, 0);
    return { name, perSecond: events / (await secondsOfEffects(sut, consumer)), cpu, totalCpu, peakMiB };
  });
}

async function stopApps(sut: SystemUnderLoad, apps: readonly { name: string }[]): Promise<void> {
  for (const { name } of apps) await of(sut.system.apps, name).stop();
}

async function published(sut: SystemUnderLoad, signal: AbortSignal): Promise<void> {
  const isPublished = async () => {
    const [row] = await rowsOf<{ isLeft: boolean }>(sut.databaseUrl(STORE), LEFT);
    return row?.isLeft === false;
  };
  await until(isPublished, {
    timeoutMs: PUBLISHED_WITHIN_MS,
    everyMs: 250,
    signal,
    what: 'all events to be published',
  });
}
