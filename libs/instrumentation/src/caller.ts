import { context, type Span, trace } from '@opentelemetry/api';

import { currentContext, type RequestContext, runInContext } from './context.js';
import { currentTraceparent, withSpan } from './spans.js';
import { formatTraceparent } from './traceparent.js';

/** The request and span for which work is done later, perhaps together with the work of other callers. */
export interface Caller {
  /** `undefined` outside of a request. */
  readonly request: RequestContext | undefined;
  /** As {@link currentTraceparent} gives it. */
  readonly traceparent: string;
  /** `undefined` when no span is active. */
  readonly span: Span | undefined;
}

/** The caller on whose behalf this code runs. */
export function currentCaller(): Caller {
  return {
    request: currentContext(),
    traceparent: currentTraceparent(),
    span: trace.getActiveSpan(),
  };
}

/**
 * Runs `work` for callers that share it.
 *
 * - One caller: in its request context and under its span.
 * - Several, of which some are recorded: in a new span `name`, whose parent is the span of the first recorded one. The
 *   new span and the spans of the other recorded callers are linked both ways, so that each trace leads to the work.
 * - Several, of which none is recorded: under the span of the first, so that the services called do not record it either.
 *
 * Work for several callers gets the request context of none. Without tracing no span is made.
 *
 * @param callers at least one; duplicates count once
 * @returns or throws what `work` does
 */
export function onBehalfOf<T>(callers: readonly Caller[], name: string, work: () => Promise<T>): Promise<T> {
  const [caller, ...more] = new Set(callers);
  if (caller && more.length === 0) return inContextOf(caller, work);
  const spans = new Set(callers.flatMap(({ span }) => (span?.isRecording() ? [span] : [])));
  const [first, ...others] = [...spans].map((span) => formatTraceparent(span.spanContext()));
  if (first === undefined) return underSpan(caller?.span, work);
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
