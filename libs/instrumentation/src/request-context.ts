import type { Span } from '@opentelemetry/api';
import { randomUUID } from 'node:crypto';
import type { RequestContext } from './context.js';
import { traceparentOf } from './spans.js';
import { makeTraceparent, parseTraceparent } from './traceparent.js';

/** The format of request ids and correlation ids. An id of another format is replaced and never echoed. */
const ID_FORMAT = /^[A-Za-z0-9._-]{1,128}$/;

/** Reads one header or metadata entry by its lower-case name; `undefined` when it is absent. */
export type ReadHeader = (name: string) => unknown;

/**
 * Makes the context of a request from its headers `x-request-id`, `x-correlation-id` and `traceparent`. A missing or
 * invalid request id or traceparent is made anew; a missing or invalid correlation id becomes the request id.
 *
 * @param span the server's span, started with the same `traceparent`
 */
export function contextFrom(read: ReadHeader, span?: Span): RequestContext {
  const traceparent = traceparentOf(span);
  const requestId = validId(read('x-request-id')) ?? randomUUID();
  return {
    requestId,
    correlationId: validId(read('x-correlation-id')) ?? requestId,
    traceparent: traceparent ?? validTraceparent(read('traceparent')) ?? makeTraceparent(),
    ...(traceparent !== undefined && span && { span }),
  };
}

/** A `traceparent` from outside, unchanged when it is valid; else `undefined`. */
export function validTraceparent(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent) && (traceparent as string);
}

/** An id from outside, unchanged when it has 1 to 128 letters, digits, `.`, `_` and `-` only; else `undefined`. */
export function validId(id: unknown): string | undefined {
  return typeof id === 'string' && ID_FORMAT.test(id) ? id : undefined;
}
