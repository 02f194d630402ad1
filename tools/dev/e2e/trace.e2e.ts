import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../src/stack/until.ts';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { type SpanRecord, startOtlpReceiver } from './otlp-receiver.ts';

let sut: SystemUnderTest;
let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  sut = await freshSystem({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
}, 120_000);
afterAll(async () => {
  await sut.dispose();
  receiver.close();
}, 60_000);

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CLIENT_SPAN = '00f067aa0ba902b7';

/** service, kind and name of each span on the way, from the client's own span down. */
const WAY: [service: string, kind: number, name: RegExp][] = [
  ['gateway', 2, /^POST \/orders$/],
  ['gateway', 3, /orders\.v1\.Orders\/CreateOrder$/],
  ['orders', 2, /orders\.v1\.Orders\/CreateOrder$/],
  ['orders', 4, /^publish orders\.created$/],
  ['fulfillment', 5, /^process orders\.created$/],
];

describe('one trace', () => {
  it('holds an order from the HTTP request to the SQL of the consumer, each span under the right one', async () => {
    const alice = await Customer.of(sut.system, 'alice');
    const placed = await alice.request('POST', '/orders', {
      body: { items: [{ sku: 'apple', quantity: 1, priceCents: 1 }] },
      headers: { traceparent: `00-${TRACE_ID}-${CLIENT_SPAN}-01` },
    });
    expect(placed.status).toBe(201);
    const ofTrace = () => receiver.spans.filter(({ traceId }) => traceId === TRACE_ID);
    const find = ([service, kind, name]: (typeof WAY)[number]) =>
      ofTrace().find((span) => span.service === service && span.kind === kind && name.test(span.name));
    const sqlUnder = (parent: SpanRecord | undefined, service: string) => {
      const ids = new Set([parent?.spanId]);
      // pg-pool's connect span lies between, or not.
      for (const span of ofTrace()) if (ids.has(span.parentSpanId)) ids.add(span.spanId);
      return ofTrace().filter(
        (span) => span.service === service && /^pg\.query/.test(span.name) && ids.has(span.parentSpanId),
      );
    };

    await until(async () => WAY.every(find) && sqlUnder(find(WAY[4]!), 'fulfillment').length > 0, {
      timeoutMs: 15_000,
      what: 'the whole trace',
    }).catch(() => undefined);
    const way = WAY.map(find);
    expect(way.map((span) => span?.name)).toEqual(WAY.map(([, , name]) => expect.stringMatching(name)));
    expect(way[0]?.parentSpanId).toBe(CLIENT_SPAN);
    for (let n = 1; n < way.length; n += 1) expect(way[n]?.parentSpanId).toBe(way[n - 1]?.spanId);
    expect(sqlUnder(way[2], 'orders').map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^pg\.query/),
    );
    expect(sqlUnder(way[4], 'fulfillment').length).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
