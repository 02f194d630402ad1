import { afterAll, beforeAll, it } from '@jest/globals';
import type { App } from '@orders/dev/stack/app';
import { until } from '@orders/dev/stack/until';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { customersOrdering, expectNothingLost } from './load.ts';

const REPLICAS = 3;
/** What counts the work of each app. */
const WORK = {
  gateway: /^http_server_request_duration_seconds_count\{[^}]*\} (\d+)/gm,
  orders: /^rpc_server_duration_seconds_count\{[^}]*\} (\d+)/gm,
  fulfillment: /^consumer_events_total\{[^}]*outcome="applied"[^}]*\} (\d+)/gm,
};

let sut: SystemUnderTest;
beforeAll(async () => void (sut = await freshSystem({ replicas: REPLICAS })), 120_000);
afterAll(() => sut.dispose(), 60_000);

/** The part of the busiest and of the idlest replica in the work of an app; even parts are 0.33. */
async function parts(app: keyof typeof WORK): Promise<{ most: number; least: number }> {
  const counts = await Promise.all(
    (sut.system.replicas[app] ?? []).map((replica) => workOf(replica, WORK[app])),
  );
  const sum = counts.reduce((total, count) => total + count, 0);
  return { most: Math.max(...counts) / sum, least: Math.min(...counts) / sum };
}

async function workOf({ management }: App, counter: RegExp): Promise<number> {
  const metrics = await (await fetch(`${management}/metrics`)).text();
  return [...metrics.matchAll(counter)].reduce((sum, [, value]) => sum + Number(value), 0);
}

it.each(Object.keys(WORK) as (keyof typeof WORK)[])(
  `of ${REPLICAS} replicas of %s each has its part of the work, behind a balancer of connections`,
  async (app) => {
    const load = customersOrdering(await Customer.of(sut.system, 'alice'), 12);
    const isShared = async () => {
      const { most, least } = await parts(app);
      return least > 0.2 && most < 0.5;
    };
    await until(isShared, { timeoutMs: 40_000, everyMs: 500, what: `even parts of ${app}` });
    await load.stop();
    await expectNothingLost(sut.system, load.acknowledged);
  },
  90_000,
);
