export { currentCaller, onBehalfOf, type Caller } from './caller.js';
export { contextFrom, validId, validTraceparent } from './request-context.js';
export { currentContext, runInContext, type RequestContext } from './context.js';
export { createLogger, type LoggerSettings } from './logging.js';
export type { LabelsOf, MetricDefinition, MetricDefinitions } from './metrics/definition.js';
export {
  counter,
  type CounterOf,
  histogram,
  type HistogramOf,
  observe,
  tracedHistogram,
  type TracedHistogramOf,
} from './metrics/instruments.js';
export { metricsText, scrape } from './metrics/scrape.js';
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
export { logSpanExport } from './span-export.js';
export { flushTelemetry, tracesEdge, tracingIsOn } from './telemetry.js';
export { isSampled, makeTraceparent, parseTraceparent, traceIdOf, type TraceContext } from './traceparent.js';
export { SpanKind, type Span } from '@opentelemetry/api';
