import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import { runInContext } from './context.js';
import {
  currentTraceId,
  currentTraceparent,
  endSpan,
  isTraced,
  startClientSpan,
  startServerSpan,
  traceparentOf,
  withSpan,
} from './spans.js';
import { type RecordedSpans, recordSpans } from './testing/recorded-spans.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const UNSAMPLED = PARENT.replace(/01$/, '00');
const request = { requestId: 'r', correlationId: 'c', traceparent: PARENT };

describe('without an SDK', () => {
  it('the traceparent is that of the request, or a new one outside of requests', () => {
    expect(runInContext(request, currentTraceparent)).toBe(PARENT);
    expect(runInContext(request, currentTraceId)).toBe(PARENT.slice(3, 35));
    expect(currentTraceparent()).not.toBe(currentTraceparent());
    expect(currentTraceId()).toBeUndefined();
  });

  it('withSpan returns what its function returns, and throws what it throws', async () => {
    await expect(withSpan('x', { parent: PARENT, links: ['?'] }, async () => 7)).resolves.toBe(7);
    await expect(withSpan('x', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('a server span has the traceparent that was received, and none when it was invalid', () => {
    expect(traceparentOf(startServerSpan('GET', PARENT))).toBe(PARENT);
    expect(traceparentOf(startServerSpan('GET', 'garbage'))).toBeUndefined();
    expect(runInContext({ ...request, span: startServerSpan('GET', PARENT) }, isTraced)).toBe(false);
  });
});

describe('with an SDK', () => {
  let spans: RecordedSpans;
  beforeAll(() => void (spans = recordSpans()));
  afterAll(() => spans.stop());

  it('a span is the child of its parent, has its links, and is active inside', async () => {
    const settings = {
      kind: SpanKind.CONSUMER,
      parent: PARENT,
      links: [PARENT, 'broken'],
      attributes: { a: 1 },
    };
    const inside = await withSpan('process', settings, async () => currentTraceparent());
    const span = spans.ended().at(-1);
    expect(span).toMatchObject({ name: 'process', kind: SpanKind.CONSUMER, attributes: { a: 1 } });
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(span?.links.map((link) => link.context.spanId)).toEqual(['b7ad6b7169203331']);
    expect(inside).toBe(`00-${PARENT.slice(3, 35)}-${span?.spanContext().spanId}-01`);
  });

  it('an error is recorded, ends the span, and is thrown', async () => {
    await expect(withSpan('fails', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const span = spans.ended().at(-1);
    expect(span?.status.code).toBe(2);
    expect(span?.events[0]?.name).toBe('exception');
  });

  it('a request runs below its server span, whose parent is the received traceparent', () => {
    const span = startServerSpan('GET /orders/:id', PARENT);
    const inside = runInContext({ ...request, span }, () => {
      endSpan(startClientSpan('pg.query', { a: 1 }), { error: new Error('no') });
      return { traceparent: currentTraceparent(), traced: isTraced() };
    });
    expect(inside).toEqual({ traceparent: traceparentOf(span), traced: true });
    endSpan(span, { attributes: { 'http.route': '/orders/:id' }, failed: true });
    const [client, server] = spans.ended().slice(-2);
    expect(client).toMatchObject({ kind: SpanKind.CLIENT, attributes: { a: 1 }, status: { code: 2 } });
    expect(client?.events[0]?.name).toBe('exception');
    expect(client?.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    expect(server).toMatchObject({ kind: SpanKind.SERVER, attributes: { 'http.route': '/orders/:id' } });
    expect(server?.status.code).toBe(2);
    expect(server?.parentSpanContext?.spanId).toBe(PARENT.slice(36, 52));
  });

  it('the active span takes precedence over the request', async () => {
    const inside = await withSpan('outer', { parent: '' }, async () => runInContext(request, currentTraceId));
    expect(inside).not.toBe(PARENT.slice(3, 35));
  });

  it('nothing is recorded for an unsampled caller, and its trace is kept', () => {
    const before = spans.ended().length;
    const span = startServerSpan('GET', UNSAMPLED);
    const inside = runInContext({ ...request, span }, () => ({ traced: isTraced(), id: currentTraceId() }));
    endSpan(span);
    expect(inside).toEqual({ traced: false, id: PARENT.slice(3, 35) });
    expect(traceparentOf(span)).toMatch(/-00$/);
    expect(spans.ended()).toHaveLength(before);
  });
});
