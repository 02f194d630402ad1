import { describe, expect, it } from '@jest/globals';
import { spansOf } from './otlp.js';
import { SpanStore } from './span-store.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const OTHER = '1bf7651916cd43dd8448eb211c80319d';
const ORDER = '0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';

const list = (key: string, value: string) => ({
  key,
  value: { arrayValue: { values: [{ stringValue: value }] } },
});

function exported(span: object): unknown {
  const whole = {
    traceId: TRACE,
    spanId: 'b7ad6b7169203331',
    name: 'POST /orders',
    kind: 2,
    startTimeUnixNano: '1800000000000123000',
    endTimeUnixNano: '1800000000001623000',
    ...span,
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [whole] }] }] };
}

function stored(...spans: object[]): SpanStore {
  const store = new SpanStore(3);
  for (const span of spans) store.add(spansOf(exported(span)));
  return store;
}

describe('a span of an export', () => {
  it('keeps microseconds', () => {
    expect(spansOf(exported({}))).toMatchObject([
      { service: 'gateway', kind: 'server', startMs: 1_800_000_000_000.123, durationMs: 1.5, failed: false },
    ]);
  });

  it.each([
    [{ traceId: 'x' }, '/resourceSpans/0/scopeSpans/0/spans/0/traceId'],
    [{ startTimeUnixNano: -1 }, '/resourceSpans/0/scopeSpans/0/spans/0/startTimeUnixNano'],
    [{ kind: 9 }, '/resourceSpans/0/scopeSpans/0/spans/0/kind'],
  ])('that has %j is refused at its place', (wrong, place) => {
    expect(() => spansOf(exported(wrong))).toThrow(place);
  });

  it('cannot fill the memory with one attribute', () => {
    const [span] = spansOf(exported({ attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(1e6) } }] }));
    expect(span?.attributes['a']).toHaveLength(512);
  });
});

describe('the store of spans', () => {
  it('drops the oldest, in each index', () => {
    const first = { attributes: [list('http.response.header.x-request-id', 'r-1')] };
    const store = stored(first, { traceId: OTHER }, { traceId: OTHER }, { traceId: OTHER });
    expect([store.size, store.trace(TRACE), store.traceOfRequest('r-1')]).toEqual([3, [], undefined]);
  });

  it('finds the order that a request has made, by request, trace and order', () => {
    const store = stored({
      attributes: [
        list('http.response.header.x-request-id', 'r-1'),
        list('http.response.header.location', `/orders/${ORDER}`),
      ],
    });
    expect(store.traceOfRequest('r-1')).toBe(TRACE);
    expect(store.orderOfTrace(TRACE)).toBe(ORDER);
    expect(store.tracesOfOrder(ORDER)).toEqual([TRACE]);
  });

  it('shows a batch of another trace that links to this one', () => {
    const store = stored(
      {},
      { traceId: OTHER, name: 'batch', links: [{ traceId: TRACE, spanId: 'b7ad6b7169203331' }] },
    );
    expect(store.trace(TRACE).map(({ name }) => name)).toEqual(['POST /orders', 'batch']);
  });
});
