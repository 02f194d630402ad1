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
  };
  return tracer.startActiveSpan(name, options, parent, async (span) => {
    if (settings.links && span.isRecording()) span.addLinks(settings.links.flatMap(linkTo));
    try {
      return await fn(span);
    } catch (error) {
      recordError(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Starts the span of a request that came in with this `traceparent`; to be ended by {@link endSpan}. The sampler
 * decides whether it is recorded; one that is not costs about a microsecond, and so does everything under it.
 *
 * @param traceparent as it came; an unreadable one gives a new trace
 */
export function startServerSpan(name: string, traceparent: unknown): Span {
  return tracer.startSpan(name, { kind: SpanKind.SERVER }, contextOf(traceparent));
}

/** Starts the span of a request to another process, under the active one; to be ended by {@link endSpan}. */
export function startClientSpan(name: string, attributes: Attributes): Span {
  return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
}

/** How what a span stands for came out. */
export interface SpanOutcome {
  attributes?: Attributes;
  /** It failed. */
  failed?: boolean;
  /** What it failed with, recorded as an event; implies `failed`. */
  error?: unknown;
}

export function endSpan(span: Span, { attributes, failed, error }: SpanOutcome = {}): void {
  if (attributes) span.setAttributes(attributes);
  if (error !== undefined) recordError(span, error);
  else if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Is what runs now part of a trace that is recorded? If not, spans under it are a waste. */
export function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() ?? false;
}

/** The header that stands for `span`; `undefined` when it belongs to no trace, as one without an SDK and a parent does. */
export function traceparentOf(span: Span | undefined): string | undefined {
  const own = span?.spanContext();
  return own && isSpanContextValid(own) ? formatTraceparent(own) : undefined;
}

/** The `traceparent` to hand on: of the active span, else of the request under way, else of a new trace. */
export function currentTraceparent(): string {
  return traceparentOf(trace.getActiveSpan()) ?? currentContext()?.traceparent ?? makeTraceparent();
}

/** The trace id of the active span, else of the request under way; `undefined` outside of both. */
export function currentTraceId(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (active && isSpanContextValid(active)) return active.traceId;
  const request = currentContext();
  return request && traceIdOf(request.traceparent);
}

function recordError(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : new Error(String(error)));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function contextOf(traceparent: unknown): Context {
  const parsed = parseTraceparent(traceparent);
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true }) : ROOT_CONTEXT;
}

function linkTo(traceparent: string): Link[] {
  const parsed = parseTraceparent(traceparent);
  return parsed ? [{ context: { ...parsed, isRemote: true } }] : [];
}
