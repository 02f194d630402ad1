import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  context,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api';

import { currentContext } from './context.js';
import { formatTraceparent, makeTraceparent, parseTraceparent, traceIdOf } from './traceparent.js';

export interface SpanSettings {
  /** Default `INTERNAL`. */
  kind?: SpanKind;
  /** `traceparent` of the parent; default: the active span. An unreadable one gives a new trace. */
  parent?: string;
  /** `traceparent`s of spans that this one has to do with without being their child; unreadable ones are left out. */
  links?: string[];
  attributes?: Attributes;
}

const tracer = trace.getTracer('@orders/instrumentation');

/**
 * Runs `fn` inside a new span, which is active meanwhile and ended after; an error is recorded on it and thrown
 * on. Without an SDK the span is a no-op and the cost is a few function calls.
 */
export async function withSpan<T>(
  name: string,
  settings: SpanSettings,
  fn: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = settings.parent === undefined ? context.active() : contextOf(settings.parent);
  const options = {
    kind: settings.kind ?? SpanKind.INTERNAL,
    attributes: settings.attributes ?? {},
    links: (settings.links ?? []).flatMap(linkTo),
  };
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    try {
      return await fn(span);
    } catch (error) {
      span.recordException(error instanceof Error ? error : new Error(String(error)));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The `traceparent` to hand on: of the active span, else of the request under way, else of a new trace. */
export function currentTraceparent(): string {
  const active = trace.getActiveSpan()?.spanContext();
  if (active && isSpanContextValid(active)) return formatTraceparent(active);
  return currentContext()?.traceparent ?? makeTraceparent();
}

/** The trace id of the active span, else of the request under way; `undefined` outside of both. */
export function currentTraceId(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (active && isSpanContextValid(active)) return active.traceId;
  const request = currentContext();
  return request && traceIdOf(request.traceparent);
}

/**
 * Gives the span of the HTTP request under way the name and the `http.route` that only the router knows;
 * OpenTelemetry has no instrumentation for Fastify 5 with Nest 12.
 *
 * @param route the template, such as `/orders/:id`
 */
export function nameServerSpan(method: string, route: string): void {
  trace.getActiveSpan()?.updateName(`${method} ${route}`).setAttribute('http.route', route);
}

function contextOf(traceparent: string): Context {
  const parsed = parseTraceparent(traceparent);
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : ROOT_CONTEXT;
}

function linkTo(traceparent: string): Link[] {
  const parsed = parseTraceparent(traceparent);
  return parsed ? [{ context: { ...parsed, isRemote: true } }] : [];
}
