import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { METRICS, metricsOf } from '@orders/dev/derived/metric-catalogue';
import { type OtlpReceiver, startOtlpReceiver } from '@orders/dev/otlp-receiver';
import { APPS } from '@orders/dev/stack/declarations';
import { Prometheus } from '@orders/dev/stack/prometheus';
import { resolvePromtool } from '@orders/dev/stack/promtool';
import { until } from '@orders/dev/stack/until';
import { calledBy, of } from '@orders/dev/stack/wiring';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Customer, freshSystem, inParallel, type SystemUnderTest } from './client.ts';

const names = APPS.map(({ name }) => name);
const ORDERS = 40;

let sut: SystemUnderTest;
let receiver: OtlpReceiver;
const folder = mkdtempSync(join(tmpdir(), 'orders-metrics-'));

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  sut = await freshSystem({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
  const alice = await Customer.of(sut.system, 'alice');
  const effects = Object.values(sut.system.urls.effects);
  await inParallel(ORDERS, 8, async () => {
    const { id } = (await alice.orderUntilSure()).body;
    await alice.request('GET', `/orders/${id}`);
    await Promise.all(effects.map((effect) => fetch(`${effect}/${id}`)));
  });
  await until(
    async () => valueOf(await scrape('fulfillment'), /consumer_events_total\{.*applied"/) >= ORDERS,
    {
      timeoutMs: 30_000,
      what: 'all effects',
    },
  );
}, 120_000);
afterAll(async () => {
  await sut.dispose();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function scrape(app: string): Promise<string> {
  return (await fetch(`${of(sut.system.urls.management, app)}/metrics`)).text();
}

/** The sum of the series whose lines begin so. */
function valueOf(text: string, start: RegExp): number {
  const lines = text.split('\n').filter((line) => new RegExp(`^${start.source}`).test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

/** The families of a scrape: their types by their names. */
const familiesOf = (text: string) =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));

describe.each(names)('/metrics of %s', (name) => {
  const app = APPS.find((each) => each.name === name)!;

  it('has every metric of the catalogue that the app declares, and none that the catalogue lacks', async () => {
    const found = familiesOf(await scrape(name));
    const known = new Set(METRICS.map((metric) => metric.name));
    expect([...found.keys()].filter((metric) => !known.has(metric))).toEqual([]);
    const declared = metricsOf(app).map((metric) => metric.name);
    // A histogram begins with its first value, and nobody calls the inbox of a consumer here.
    const isCalled = APPS.some((other) => calledBy(other, APPS).includes(app));
    const begun = declared.filter((metric) => isCalled || metric !== 'rpc_server_duration_seconds');
    expect(begun.filter((metric) => !found.has(metric))).toEqual([]);
  });

  it('has nothing that promtool finds fault with', async () => {
    const { status, stdout, stderr } = spawnSync(await resolvePromtool(), ['check', 'metrics'], {
      input: await scrape(name),
      encoding: 'utf8',
    });
    expect([status, stdout + stderr]).toEqual([0, '']);
  });

  it('has histograms that move, with values that lie between their first and their last bucket', async () => {
    const text = await scrape(name);
    const histograms = [...familiesOf(text)]
      .filter(([, type]) => type === 'histogram')
      .map(([family]) => family);
    for (const family of histograms) {
      const definition = METRICS.find((metric) => metric.name === family)!.definition;
      const buckets = 'buckets' in definition ? definition.buckets : [];
      const upTo = (bound: number | undefined) =>
        valueOf(text, new RegExp(`${family}_bucket\\{.*le="${bound}"`));
      const count = valueOf(text, new RegExp(`${family}_count`));
      expect({ family, moves: count > 0 }).toEqual({ family, moves: true });
      // A pool that has a connection gives it in no time, and a batch may be of one.
      const isLow = !/_seconds$/.test(family) || family.endsWith('wait_time_seconds');
      const first = isLow ? -1 : upTo(buckets[0]);
      expect({ family, inFirst: first === count }).toEqual({ family, inFirst: false });
      expect({ family, within: upTo(buckets.at(-1)) }).toEqual({ family, within: count });
    }
  });
});

describe('the counters of', () => {
  it.each([
    ['gateway', /token_keys_fetches_total\{outcome="ok"/],
    ['gateway', /process_cpu_seconds_total\{mode="user"/],
    ['orders', /outbox_publish_attempts_total\{subject="orders.created",outcome="stored"/],
    ['fulfillment', /consumer_events_total\{consumer="fulfillment",outcome="applied"/],
  ])('%s move: %s', async (app, series) => {
    expect(valueOf(await scrape(app), series)).toBeGreaterThan(0);
  });

  it.each([
    ['gateway', /http_server_refused_total/],
    ['gateway', /breaker_changes_total/],
    ['gateway', /batch_refused_total/],
    ['gateway', /otel_spans_dropped_total/],
    ['orders', /outbox_rewinds_total/],
    ['orders', /rpc_server_refusals_total/],
    ['fulfillment', /consumer_retries_total/],
    ['fulfillment', /consumer_redelivered_total/],
    ['fulfillment', /consumer_sequence_gaps_total/],
  ])('%s are 0 before anything happens: %s', async (app, series) => {
    const text = await scrape(app);
    expect(text).toMatch(new RegExp(`^${series.source}`, 'm'));
    expect(valueOf(text, series)).toBe(0);
  });

  it('one process holds the lease, and no migration is missing', async () => {
    const text = await scrape('orders');
    expect(valueOf(text, /outbox_lease_held/)).toBe(1);
    expect(text).toMatch(/^migrations_failed\{check="postgres"\} 0$/m);
    expect(text).toMatch(/^build_info\{version="\d+\.\d+\.\d+",node="24\.[\d.]+"\} 1$/m);
  });
});

describe('a real Prometheus', () => {
  it('takes all scrapes, and has exemplars that lead to the traces of the orders', async () => {
    const targets = names.map((name) => new URL(of(sut.system.urls.management, name)).host);
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'apps', static_configs: [{ targets }] }],
    };
    const prometheus = await Prometheus.start({
      folder,
      config,
      args: ['--enable-feature=exemplar-storage'],
    });
    try {
      const query = 'sum(up) == ' + names.length;
      await until(async () => (await prometheus.query(query)).length > 0, {
        timeoutMs: 30_000,
        what: 'a scrape of each app',
      });
      const traces = new Set(receiver.spans.map(({ traceId }) => traceId));
      for (const name of ['http_server_request_duration', 'rpc_server_duration', 'consumer_critical_time']) {
        const found = await exemplarsOf(prometheus, `${name}_seconds_bucket`);
        expect({ name, some: found.length > 0 }).toEqual({ name, some: true });
        expect(found.filter(({ trace_id }) => !traces.has(trace_id))).toEqual([]);
      }
    } finally {
      await prometheus.stop();
    }
  }, 90_000);
});

async function exemplarsOf(prometheus: Prometheus, query: string): Promise<{ trace_id: string }[]> {
  const now = Date.now() / 1_000;
  const parameters = new URLSearchParams({ query, start: String(now - 600), end: String(now + 60) });
  const data = (await prometheus.get(`query_exemplars?${parameters.toString()}`)) as {
    exemplars: { labels: { trace_id: string } }[];
  }[];
  return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
}
