import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dashboardSpecs } from '@orders/dev/observability/dashboards/dashboards';
import { ruleGroups } from '@orders/dev/observability/rules';
import { APPS } from '@orders/dev/stack/declarations';
import { until } from '@orders/dev/stack/until';
import { of } from '@orders/dev/stack/wiring';
import {
  leaseTaken,
  natsAway,
  openTransaction,
  poison,
  rightRevoked,
  streamLost,
} from './observability/delivery-faults.ts';
import type { Fault, Heal } from './observability/fault.ts';
import {
  databaseAway,
  migrationMissing,
  ordersAway,
  overload,
  slowPostgres,
  strayGateway,
} from './observability/process-faults.ts';
import { brokenFiles, plainPeer, strangeCertificate } from './observability/security-faults.ts';
import { MINUTE_SECONDS, WatchedSystem } from './observability/watched-system.ts';

let watched: WatchedSystem;
beforeAll(async () => {
  watched = await WatchedSystem.start();
}, 180_000);
afterAll(() => watched?.dispose(), 60_000);

/** Of each panel of each dashboard. */
const QUERIES = dashboardSpecs(APPS).flatMap(({ name, rows }) =>
  rows.flatMap(({ panels }) =>
    panels.flatMap(({ title, queries, failures = false }) =>
      queries.map(({ expr }) => ({ dashboard: name, panel: title, expr, failures })),
    ),
  ),
);

describe('a system that does well', () => {
  it('shows something in each panel of each dashboard, and no failure', async () => {
    const empty = async () => {
      const id = (await watched.alice.orderUntilSure()).body.id;
      await watched.alice.request('GET', `/orders/${id}`);
      await fetch(`${of(watched.sut.system.urls.effects, 'fulfillment')}/${id}`);
      const wrong = await Promise.all(QUERIES.map(async (query) => ({ ...query, ...(await shown(query)) })));
      return wrong.filter(({ is }) => is !== 'right');
    };
    await until(async () => (await empty()).length === 0, { timeoutMs: 60_000, what: 'all' }).catch(
      () => undefined,
    );
    expect(await empty()).toEqual([]);
  }, 120_000);

  it('fires no alert', async () => {
    expect(await watched.firing()).toEqual([]);
  });
});

/** What a query returns: `right`, or what is wrong with it. */
async function shown({ expr, failures }: (typeof QUERIES)[number]): Promise<{ is: string }> {
  const window = `${5 * MINUTE_SECONDS}s`;
  const samples = await watched.prometheus.query(expr.replaceAll('$__rate_interval', window));
  const values = samples.map(({ value }) => value);
  if (values.length === 0 || values.some(Number.isNaN)) return { is: `no value: ${values.join()}` };
  return { is: failures && values.some((value) => value !== 0) ? `failures: ${values.join()}` : 'right' };
}

const NOT_CAUSED = {
  TokenKeysOld: 'needs an issuer that is away for 10 minutes, since keys are fetched every 5',
  EventsNotProven: 'needs a stream that may be purged, and ours may not',
};

/** Faults that go together, since they do not hide each other's alerts. */
const WAVES: [string, Fault[]][] = [
  [
    'NATS away, a lock, many readers, garbage in files',
    [natsAway, slowPostgres, overload, brokenFiles, plainPeer],
  ],
  ['a right revoked, an open transaction, a stray gateway', [rightRevoked, openTransaction, strayGateway]],
  ['a lease of nobody, a migration missing', [leaseTaken, migrationMissing]],
  ['poison, and orders away', [poison, ordersAway]],
  ['Postgres away', [databaseAway]],
  ['NATS without its disk, a strange certificate', [streamLost, strangeCertificate]],
];

describe('with', () => {
  it.each(WAVES)(
    '%s: the alerts fire',
    async (_what, faults) => {
      const heals: Heal[] = [];
      try {
        for (const { cause } of faults) heals.push(await cause(watched));
        await Promise.all(faults.flatMap(({ alerts }) => alerts.map((alert) => watched.fires(alert))));
      } finally {
        await Promise.all(heals.map((heal) => heal()));
      }
      await Promise.all(faults.flatMap(({ late = [] }) => late.map((alert) => watched.fires(alert))));
    },
    240_000,
  );

  it('nothing wrong any more: all alerts resolve', async () => {
    await Promise.all((await watched.firing()).map((alert) => watched.resolves(alert)));
  }, 240_000);
});

it('every alert is caused here, but for those that say why not', () => {
  const caused = WAVES.flatMap(([, faults]) =>
    faults.flatMap(({ alerts, late = [] }) => [...alerts, ...late]),
  );
  const all = ruleGroups(APPS).flatMap(({ rules }) =>
    rules.flatMap((rule) => ('alert' in rule ? rule.alert : [])),
  );
  expect(new Set([...caused, ...Object.keys(NOT_CAUSED)])).toEqual(new Set(all));
});
