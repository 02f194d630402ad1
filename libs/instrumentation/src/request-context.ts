import {
  makeTraceparent,
  parseTraceparent,
  type RequestContext,
  type Span,
  traceparentOf,
} from '@orders/instrumentation';
import { randomUUID } from 'node:crypto';

/** What a request id and a correlation id may look like; anything else is replaced, never echoed. */
const SANE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Reads one header or metadata entry; `undefined` when it is absent. */
export type ReadHeader = (name: string) => unknown;

/**
 * The context of a request that came in with these headers; what is missing or not sane is made.
 *
 * @param span of the server, started with the same `traceparent`
 */
export function contextFrom(read: ReadHeader, span?: Span): RequestContext {
  const traceparent = traceparentOf(span);
  const requestId = saneId(read('x-request-id')) ?? randomUUID();
  return {
    requestId,
    correlationId: saneId(read('x-correlation-id')) ?? requestId,
    traceparent: traceparent ?? saneTraceparent(read('traceparent')) ?? makeTraceparent(),
    ...(traceparent !== undefined && span && { span }),
  };
}

/** The `traceparent` itself when it may be taken over from outside; else `undefined`. */
export function saneTraceparent(traceparent: unknown): string | undefined {
  return parseTraceparent(traceparent) && (traceparent as string);
}

/** The id itself when it may be taken over from outside; else `undefined`. */
export function saneId(id: unknown): string | undefined {
  return typeof id === 'string' && SANE_ID.test(id) ? id : undefined;
}
