import { endSpan, tracingIsOn, type Span, startServerSpan } from '@orders/instrumentation';
import type { FastifyRequest } from 'fastify';

/** Asked every few seconds by machines. */
const UNTRACED = '/healthz';

/** The span of a request, under that of its client; none for health checks, and where tracing is off. */
export function startHttpSpan(request: FastifyRequest): Span | undefined {
  if (!tracingIsOn()) return undefined;
  const { method, headers, routeOptions } = request;
  if (routeOptions.url === UNTRACED) return undefined;
  return startServerSpan(routeOptions.url ? `${method} ${routeOptions.url}` : method, headers['traceparent']);
}

/** Ends it with the attributes of OpenTelemetry's semantic conventions; a failure of ours is one of the span. */
export function endHttpSpan(span: Span | undefined, request: FastifyRequest, status: number): void {
  if (!span?.isRecording()) return;
  const failed = status >= 500;
  const attributes = {
    'http.request.method': request.method,
    'http.response.status_code': status,
    'url.scheme': 'http',
    // Without its query, which may hold what is nobody's business.
    'url.path': request.url.split('?', 1)[0],
    'http.route': request.routeOptions.url,
    'server.address': request.hostname,
    'client.address': request.ip,
    'network.protocol.version': request.raw.httpVersion,
    'user_agent.original': request.headers['user-agent'],
    'error.type': failed ? String(status) : undefined,
  };
  endSpan(span, { attributes, failed });
}
