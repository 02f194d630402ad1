import { endSpan, tracesEdge, type Span, startServerSpan } from '@orders/instrumentation';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Load balancers request it every few seconds. */
const UNTRACED = '/healthz';

/**
 * Starts the span of a request, below that of its client. There is none for health checks, when tracing is off, and when
 * the instrumentation of http makes it.
 */
export function startHttpSpan(request: FastifyRequest): Span | undefined {
  if (!tracesEdge('http')) return undefined;
  const { method, headers, routeOptions } = request;
  if (routeOptions.url === UNTRACED) return undefined;
  return startServerSpan(routeOptions.url ? `${method} ${routeOptions.url}` : method, headers['traceparent']);
}

/** Ends the span with the attributes of OpenTelemetry's semantic conventions. A status of 500 or more is a failure. */
export function endHttpSpan(span: Span | undefined, reply: FastifyReply, status: number): void {
  if (!span?.isRecording()) return;
  const { request } = reply;
  const failed = status >= 500;
  const attributes = {
    'http.request.method': request.method,
    'http.response.status_code': status,
    'url.scheme': 'http',
    // Without the query, which may hold personal data.
    'url.path': request.url.split('?', 1)[0],
    'http.route': request.routeOptions.url,
    // By these a trace is found: the id of the request, and the path of what it has made.
    'http.response.header.x-request-id': header(reply, 'x-request-id'),
    'http.response.header.location': header(reply, 'location'),
    'server.address': request.hostname,
    'client.address': request.ip,
    'network.protocol.version': request.raw.httpVersion,
    'user_agent.original': request.headers['user-agent'],
    'error.type': failed ? String(status) : undefined,
  };
  endSpan(span, { attributes, failed });
}

/** Headers are lists in the semantic conventions. */
function header(reply: FastifyReply, name: string): string[] | undefined {
  const value = reply.getHeader(name);
  return typeof value === 'string' ? [value] : undefined;
}
