import { context, type Span, trace } from '@opentelemetry/api';

import { currentContext, type RequestContext, runInContext } from './context.js';
import { currentTraceparent, withSpan } from './spans.js';
import { formatTraceparent } from './traceparent.js';

/** Who asks for work that is done later and perhaps together with that of others. */
export interface Caller {
  /** Its request; `undefined` outside of one. */
  readonly request: RequestContext | undefined;
  readonly traceparent: string;
  readonly span: Span | undefined;
}

export function currentCaller(): Caller {
  return {
    request: currentContext(),
    traceparent: currentTraceparent(),
    span: trace.getActiveSpan(),
  };
}

/**
 * Works for callers that share the work: for one alone as if it did it itself; for several in a span `name` under
 * that of the first whose trace is recorded, and linked with those of the others both ways, so that each trace leads
 * to the work. Where none is recorded it is under the span of the first, so that nobody behind records it either.
 * Without tracing nothing is added.
 *
 * @param callers at least one; the same one may be among them more than once
 */
export function onBehalfOf<T>(callers: readonly Caller[], name: string, work: () => Promise<T>): Promise<T> {
  const [only, ...more] = new Set(callers);
  if (only && more.length === 0) return inContextOf(only, work);
  const spans = new Set(callers.flatMap(({ span }) => (span?.isRecording() ? [span] : [])));
  const [first, ...others] = [...spans].map((span) => formatTraceparent(span.spanContext()));
  if (first === undefined) return underSpan(only?.span, work);
  return withSpan(name, { parent: first, links: others }, (shared) => {
    for (const span of [...spans].slice(1)) span.addLink({ context: shared.spanContext() });
    return work();
  });
}

function inContextOf<T>({ request, span }: Caller, work: () => T): T {
  const traced = () => underSpan(span, work);
  return request ? runInContext(request, traced) : traced();
}

function underSpan<T>(span: Span | undefined, work: () => T): T {
  return span ? context.with(trace.setSpan(context.active(), span), work) : work();
}
