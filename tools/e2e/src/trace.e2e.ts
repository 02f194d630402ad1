import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@orders/dev/stack/until';
import { Customer, freshSystem, type SystemUnderTest } from './client.ts';
import { type OtlpReceiver, type SpanRecord, startOtlpReceiver } from '@orders/dev/otlp-receiver';

let sut: SystemUnderTest;
let receiver: OtlpReceiver;

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
  ['gateway', 3, /orders\.v1\.Orders\/CreateOrders$/],
  ['orders', 2, /orders\.v1\.Orders\/CreateOrders$/],
  ['orders', 4, /^publish orders\.created$/],
  ['fulfillment', 5, /^process orders\.created$/],
];

interface Trace {
  traceId: string;
  flags: string;
}

/** Orders of these traces, all at once. */
async function place(traces: readonly Trace[]): Promise<void> {
  const alice = await Customer.of(sut.system, 'alice');
  const placed = await Promise.all(
    traces.map(({ traceId, flags }) =>
      alice.request('POST', '/orders', {
        body: { items: [{ sku: 'apple', quantity: 1, priceCents: 1 }] },
        headers: { traceparent: `00-${traceId}-${CLIENT_SPAN}-${flags}` },
      }),
    ),
  );
  expect(placed.map(({ status }) => status)).toEqual(traces.map(() => 201));
}

function named(service: string, name: RegExp): SpanRecord[] {
  return receiver.spans.filter((span) => span.service === service && name.test(span.name));
}

/** Is `span` under one of `spans`, or linked from one of them? Work for several is part of the first one's trace. */
function leadsTo(spans: readonly SpanRecord[], span: SpanRecord): boolean {
  return spans.some(
    ({ parentSpanId, links }) =>
      parentSpanId === span.spanId || links.some(({ spanId }) => spanId === span.spanId),
  );
}

/** Has the event of this trace been published, and the consumer's work been led to it? */
function arrived(traceId: string): boolean {
  const processed = named('fulfillment', /^process orders\.created$/);
  return named('orders', /^publish orders\.created$/).some(
    (span) => span.traceId === traceId && leadsTo(processed, span),
  );
}

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

  it('holds each order of those that come together, and leads to the work that they share', async () => {
    const traceIds = Array.from({ length: 40 }, (_, n) => `${TRACE_ID.slice(0, -2)}${10 + n}`);
    await place(traceIds.map((traceId) => ({ traceId, flags: '01' })));
    const requests = () => named('gateway', /^POST \/orders$/);
    await until(async () => traceIds.every(arrived) && requests().length > traceIds.length, {
      timeoutMs: 15_000,
      what: 'all effects',
    });

    const shared = named('gateway', /^create orders$/);
    const called = [...shared, ...named('gateway', /orders\.v1\.Orders\/CreateOrders$/)];
    expect(shared).not.toEqual([]);
    for (const request of requests()) {
      expect(request.parentSpanId).toBe(CLIENT_SPAN);
      expect(leadsTo(called, request)).toBe(true);
      if (shared.some(({ traceId }) => traceId === request.traceId)) continue;
      if (called.some(({ parentSpanId }) => parentSpanId === request.spanId)) continue;
      expect(shared.map(({ spanId }) => spanId)).toContain(request.links[0]?.spanId);
    }
  }, 60_000);

  it('is recorded where its client does, beside others that are not and whose ids are in the logs', async () => {
    const [recorded, others] = ['01', '00'].map((flags) =>
      Array.from({ length: 10 }, (_, n) => ({ traceId: `${TRACE_ID.slice(0, -4)}${flags}${10 + n}`, flags })),
    ) as [Trace[], Trace[]];
    await place([...others, ...recorded]);
    const told = (app: string, what: string, traceId: string) =>
      sut.lines.some((line) => [`${app}: `, `"${what}"`, traceId].every((part) => line.includes(part)));
    const everywhere = () =>
      recorded.every(({ traceId }) => arrived(traceId)) &&
      others.every(
        ({ traceId }) => told('gateway', 'request', traceId) && told('fulfillment', 'event applied', traceId),
      );
    await until(async () => everywhere(), { timeoutMs: 15_000, what: 'all spans and log lines' });
    const notToBe = new Set(others.map(({ traceId }) => traceId));
    expect(receiver.spans.filter(({ traceId }) => notToBe.has(traceId))).toEqual([]);
  }, 60_000);
});
