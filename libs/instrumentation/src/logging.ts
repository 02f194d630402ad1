import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger } from 'pino';

import { currentContext } from './context.js';
import { paged } from './paged.js';
import { traceIdOf } from './traceparent.js';

export interface LoggerSettings {
  /** The app; the `name` of every line. */
  name: string;
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  level: string;
}

/** Paths whose values never reach a log. */
const REDACTED = [
  'authorization',
  'password',
  'token',
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
];

/**
 * A logger that writes one JSON object a line and adds `requestId`, `correlationId`, `traceId` and `spanId` (tracing on
 * only) of the request under way. Authorization headers, cookies, tokens and passwords are censored.
 *
 * It writes to stdout unless `destination` is given: by the page, or after 100 ms, as a system call for each line would
 * be a twentieth of what a request costs. An exit and a `fatal` line write what is left; a SIGKILL takes up to 100 ms of
 * lines along.
 */
export function createLogger({ name, level }: LoggerSettings, destination?: DestinationStream): Logger {
  const redact = { paths: REDACTED, censor: '***' };
  return pino({ name, level, base: {}, mixin: correlation, redact }, destination ?? paged());
}

function correlation(): object {
  const request = currentContext();
  const span = trace.getActiveSpan()?.spanContext();
  if (span && isSpanContextValid(span)) {
    return {
      requestId: request?.requestId,
      correlationId: request?.correlationId,
      traceId: span.traceId,
      spanId: span.spanId,
    };
  }
  if (!request) return {};
  return {
    requestId: request.requestId,
    correlationId: request.correlationId,
    traceId: traceIdOf(request.traceparent),
  };
}
