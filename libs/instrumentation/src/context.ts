import { AsyncLocalStorage } from 'node:async_hooks';

import { context as otelContext, type Span, trace } from '@opentelemetry/api';

/** What every log line, error answer and outgoing call of one request share. */
export interface RequestContext {
  /** Names this request; unique by convention, chosen by the caller or made at the edge. */
  readonly requestId: string;
  /** Names the business transaction that the request belongs to; the request id when the caller named none. */
  readonly correlationId: string;
  /** W3C Trace Context of {@link span}; without tracing as it was when the request came in, or a new trace. */
  readonly traceparent: string;
  /** Of the server; recorded or not. */
  readonly span?: Span;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `fn` and everything that it starts inside `context` and under its span. Returns or throws what `fn` does. */
export function runInContext<T>(context: RequestContext, fn: () => T): T {
  const { span } = context;
  if (!span) return storage.run(context, fn);
  return storage.run(context, () => otelContext.with(trace.setSpan(otelContext.active(), span), fn));
}

/** The context of the request under way; `undefined` outside of one. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
