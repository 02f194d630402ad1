import { AsyncLocalStorage } from 'node:async_hooks';

import { context as otelContext, type Span, trace } from '@opentelemetry/api';

/** The ids that all log lines, error answers and outgoing calls of one request carry. */
export interface RequestContext {
  /** Id of this request, chosen by the caller or made at the edge; unique by convention, which nothing checks. */
  readonly requestId: string;
  /** Id of the business transaction that the request belongs to; the request id when the caller sent none. */
  readonly correlationId: string;
  /** W3C Trace Context of {@link span}. Without tracing: what the request brought, or a new trace. */
  readonly traceparent: string;
  /** The server's span of this request, recorded or not. */
  readonly span?: Span;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `fn` and all async work that it starts in `context` and under its span. Returns or throws what `fn` does. */
export function runInContext<T>(context: RequestContext, fn: () => T): T {
  const { span } = context;
  if (!span) return storage.run(context, fn);
  return storage.run(context, () => otelContext.with(trace.setSpan(otelContext.active(), span), fn));
}

/** The context of the current request; `undefined` outside of one. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
