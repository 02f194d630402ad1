import { AsyncLocalStorage } from 'node:async_hooks';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Context,
  context,
  type ContextManager,
  ROOT_CONTEXT,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import { runInContext } from './context.js';
import { currentTraceId, currentTraceparent, nameServerSpan, withSpan } from './spans.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const request = { requestId: 'r', correlationId: 'c', traceparent: PARENT };

describe('without an SDK', () => {
  it('the traceparent of the request goes on, and a new one is made outside of requests', () => {
    expect(runInContext(request, currentTraceparent)).toBe(PARENT);
    expect(runInContext(request, currentTraceId)).toBe(PARENT.slice(3, 35));
    expect(currentTraceparent()).not.toBe(currentTraceparent());
    expect(currentTraceId()).toBeUndefined();
  });

  it('withSpan gives what its function gives, and throws what it throws', async () => {
    await expect(withSpan('x', { parent: PARENT, links: ['?'] }, async () => 7)).resolves.toBe(7);
    await expect(withSpan('x', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});

/** As the SDK's own, which jest loads from another module instance. */
class Contexts implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();
  active = () => this.storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager['with'] = (active, fn, thisArg, ...args) =>
    this.storage.run(active, () => fn.call(thisArg as never, ...args));
  bind = <T>(_: Context, target: T) => target;
  enable = () => this;
  disable = () => this;
}

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  beforeAll(() => {
    context.setGlobalContextManager(new Contexts());
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    );
  });
  afterAll(() => {
    trace.disable();
    context.disable();
  });

  it('a span is the child of its parent, has its links, and is active inside', async () => {
    const settings = {
      kind: SpanKind.CONSUMER,
      parent: PARENT,
      links: [PARENT, 'broken'],
      attributes: { a: 1 },
    };
    const inside = await withSpan('process', settings, async () => currentTraceparent());
    const span = exporter.getFinishedSpans().at(-1);
    expect(span).toMatchObject({ name: 'process', kind: SpanKind.CONSUMER, attributes: { a: 1 } });
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(span?.links.map((link) => link.context.spanId)).toEqual(['b7ad6b7169203331']);
    expect(inside).toBe(`00-${PARENT.slice(3, 35)}-${span?.spanContext().spanId}-01`);
  });

  it('an error is recorded, ends the span, and is thrown on', async () => {
    await expect(withSpan('fails', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const span = exporter.getFinishedSpans().at(-1);
    expect(span?.status.code).toBe(2);
    expect(span?.events[0]?.name).toBe('exception');
  });

  it('the active span comes before the request', async () => {
    await withSpan('outer', {}, async () => {
      nameServerSpan('GET', '/orders/:id');
      expect(runInContext(request, currentTraceId)).not.toBe(PARENT.slice(3, 35));
    });
    const span = exporter.getFinishedSpans().at(-1);
    expect(span).toMatchObject({ name: 'GET /orders/:id', attributes: { 'http.route': '/orders/:id' } });
  });
});
