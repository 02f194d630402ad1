export { currentCaller, onBehalfOf, type Caller } from './caller.js';
export { contextFrom, validId, validTraceparent } from './request-context.js';
export { currentContext, runInContext, type RequestContext } from './context.js';
export { DURATION_BUCKETS } from './durations.js';
export { createLogger, type LoggerSettings } from './logging.js';
export { meter, metricsText } from './metrics.js';
export {
  currentTraceId,
  currentTraceparent,
  endSpan,
  isTraced,
  startClientSpan,
  startServerSpan,
  traceparentOf,
  withSpan,
  type SpanSettings,
} from './spans.js';
export { flushTelemetry, tracesEdge, tracingIsOn } from './telemetry.js';
export { isSampled, makeTraceparent, parseTraceparent, traceIdOf, type TraceContext } from './traceparent.js';
export { SpanKind, type Span } from '@opentelemetry/api';
