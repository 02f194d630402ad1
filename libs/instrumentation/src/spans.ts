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
  /** `traceparent` of the parent; default: the active span. An invalid one starts a new trace. */
  parent?: string;
  /** `traceparent`s of related spans that are not the parent; invalid ones are ignored. */
  links?: string[];
  attributes?: Attributes;
}

const tracer = trace.getTracer('@orders/instrumentation');

/**
 * Runs `fn` in a new active span and ends the span. Returns what `fn` returns; an error is recorded on the span and
 * thrown. Without an SDK the span is a no-op, which costs a few function calls.
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
 * Starts the server's span of a request; end it with {@link endSpan}. The sampler decides whether it is recorded. A span
 * that is not recorded costs about a microsecond, and so does each span below it.
 *
 * @param traceparent as received; an invalid one starts a new trace
 */
export function startServerSpan(name: string, traceparent: unknown): Span {
  return tracer.startSpan(name, { kind: SpanKind.SERVER }, contextOf(traceparent));
}

/** Starts the span of a request to another process, below the active span; end it with {@link endSpan}. */
export function startClientSpan(name: string, attributes: Attributes): Span {
  return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
}

/** The result of the operation that a span measures. */
export interface SpanOutcome {
  attributes?: Attributes;
  /** Sets the status of the span to ERROR. Default false. */
  failed?: boolean;
  /** Recorded as an exception event; implies `failed`. */
  error?: unknown;
}

/** Ends a span. Default outcome: success without further attributes. */
export function endSpan(span: Span, { attributes, failed, error }: SpanOutcome = {}): void {
  if (attributes) span.setAttributes(attributes);
  if (error !== undefined) recordError(span, error);
  else if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Is the active span recorded? If not, spans below it need not be made. */
export function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() ?? false;
}

/** The `traceparent` header for `span`; `undefined` when it has no trace: without an SDK, a span without parent has none. */
export function traceparentOf(span: Span | undefined): string | undefined {
  const own = span?.spanContext();
  return own && isSpanContextValid(own) ? formatTraceparent(own) : undefined;
}

/** The `traceparent` for outgoing calls: of the active span, else of the current request, else of a new trace. */
export function currentTraceparent(): string {
  return traceparentOf(trace.getActiveSpan()) ?? currentContext()?.traceparent ?? makeTraceparent();
}

/** The trace id of the active span, else of the current request, else `undefined`. */
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
