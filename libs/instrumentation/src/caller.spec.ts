import { AsyncLocalStorage } from 'node:async_hooks';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, context, type ContextManager, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

import { type Caller, currentCaller, onBehalfOf } from './caller.js';
import { currentContext, runInContext } from './context.js';
import { withSpan } from './spans.js';

const request = (id: string) => ({ requestId: id, correlationId: id, traceparent: `of ${id}` });
const callerOf = (id: string) => runInContext(request(id), currentCaller);

describe('without an SDK', () => {
  it('work for one runs in its context, and work for several in none of theirs', async () => {
    const [a, b] = [callerOf('a'), callerOf('b')];
    const whose = async () => currentContext()?.requestId;
    expect(await onBehalfOf([a], 'x', whose)).toBe('a');
    expect(await onBehalfOf([a, a], 'x', whose)).toBe('a');
    expect(await onBehalfOf([a, b], 'x', whose)).toBeUndefined();
    expect(a).toMatchObject({ request: request('a'), traceparent: 'of a', span: undefined });
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
    const spanProcessors = [new SimpleSpanProcessor({ exporter })];
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  });
  afterEach(() => exporter.reset());
  afterAll(() => {
    trace.disable();
    context.disable();
  });

  /** Works for requests with spans of these names, each in a trace of its own. */
  async function workFor(names: readonly string[]) {
    const callers: Caller[] = [];
    const work = Promise.withResolvers<void>();
    const requests = names.map((name) =>
      withSpan(name, { parent: '' }, () => {
        callers.push(currentCaller());
        return work.promise;
      }),
    );
    await onBehalfOf(callers, 'together', () => withSpan('work', {}, async () => undefined));
    work.resolve();
    await Promise.all(requests);
    const spans = exporter.getFinishedSpans();
    return (name: string) => spans.find((span) => span.name === name);
  }

  it('work for one is part of its trace', async () => {
    const span = await workFor(['a']);
    expect(span('work')?.parentSpanContext?.spanId).toBe(span('a')?.spanContext().spanId);
    expect(span('together')).toBeUndefined();
  });

  it('work for several is part of the first trace, and the others are linked with it', async () => {
    const span = await workFor(['a', 'b', 'c']);
    const [a, together] = [span('a')?.spanContext(), span('together')];
    expect(together?.parentSpanContext?.spanId).toBe(a?.spanId);
    expect(span('work')?.parentSpanContext?.spanId).toBe(together?.spanContext().spanId);
    const spanIds = (links: readonly { context: { spanId: string } }[] = []) =>
      links.map(({ context: { spanId } }) => spanId);
    for (const other of ['b', 'c']) {
      expect(spanIds(span(other)?.links)).toEqual([together?.spanContext().spanId]);
      expect(spanIds(together?.links)).toContain(span(other)?.spanContext().spanId);
    }
    expect(span('a')?.links).toEqual([]);
  });
});
