import { DomainError } from '@orders/contracts';
import {
  contextFrom,
  type LabelsOf,
  runInContext,
  type RequestContext,
  type Span,
  tracedHistogram,
} from '@orders/instrumentation';
import type { Service } from '@orders/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { endHttpSpan, startHttpSpan } from './http-span.js';
import { parseStrictJson } from './json.js';
import { METRICS } from './metric-definitions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined only until request line and headers are parsed. */
    requestContext: RequestContext | undefined;
    /** When its headers were parsed, by `performance.now`. */
    startedAt: number;
  }
}

interface Outcome {
  readonly status: number;
  readonly durationMs: number;
}

/** Headers that must not be repeated, because they are no lists: Node would join the values or drop one without notice. */
const SINGLE_HEADERS = new Set(['host', 'authorization', 'content-type', 'idempotency-key']);

/** Headers for answers that are data. A route that serves pages must override some. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Adds hooks that give each request its context, security headers, one span, one metric and one log line, refuse repeated
 * headers, and send `Connection: close` during a stop.
 */
export function addEdgeHooks(fastify: FastifyInstance, service: Service): void {
  const duration = tracedHistogram(METRICS.duration);
  fastify.decorateRequest('requestContext', undefined);
  fastify.decorateRequest('startedAt', 0);

  fastify.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now();
    const context = beginRequest(request, reply, startHttpSpan(request));
    // Fires for every request, unlike Fastify's onResponse, which does not fire when the client goes away.
    reply.raw.on('close', () => {
      const outcome = { status: statusOf(reply), durationMs: performance.now() - request.startedAt };
      duration.record(outcome.durationMs / 1_000, metricLabels(request, outcome), context.span);
      // The socket emits the event, outside of the request's async context.
      runInContext(context, () => service.logger.info(accessLine(request, outcome), 'request'));
      endHttpSpan(context.span, reply, outcome.status);
    });
    const wrong = wrongHeader(request.raw);
    runInContext(context, () => (wrong ? done(wrong) : done()));
  });

  // eslint-disable-next-line @typescript-eslint/max-params -- Fastify's signature
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (service.stopping) reply.header('connection', 'close');
    done();
  });
}

/** Gives a request its context and its answer the headers; also for requests that reach no hook (a path like `/%zz`). */
export function beginRequest(request: FastifyRequest, reply: FastifyReply, span?: Span): RequestContext {
  const context = contextFrom((name) => request.headers[name], span);
  request.requestContext = context;
  reply
    .headers(SECURITY_HEADERS)
    .header('x-request-id', context.requestId)
    .header('x-correlation-id', context.correlationId);
  return context;
}

/**
 * Accepts only `application/json` in UTF-8. An empty body becomes `undefined`, which the validation refuses unless the route
 * needs no body; it needs no type, even if it comes in chunks.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseOtherEncodings(request);
      done(null, body.length === 0 ? undefined : parseStrictJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addContentTypeParser('*', async ({ is404, headers }: FastifyRequest, body: IncomingMessage) => {
    if (is404 || (headers['content-type'] === undefined && (await isEmpty(body)))) return undefined;
    throw new DomainError('unsupported-media-type', 'The body must be application/json');
  });
}

/** Rejects when the client goes away. */
async function isEmpty(body: IncomingMessage): Promise<boolean> {
  // Also emitted at the end of a body without a byte.
  await once(body, 'readable');
  return body.read() === null;
}

function refuseOtherEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (encoding === undefined && (charset === undefined || /^utf-?8$/i.test(charset))) return;
  throw new DomainError('unsupported-media-type', 'The body must be UTF-8 and carry no content encoding', {
    errors: [
      encoding === undefined
        ? { pointer: 'content-type', detail: 'the charset must be utf-8' }
        : { pointer: 'content-encoding', detail: 'is not accepted' },
    ],
  });
}

/** Host must be there once (RFC 9112, 3.2); HTTP/1.0 need not have it. */
function wrongHeader({ rawHeaders, httpVersion }: IncomingMessage): DomainError | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!SINGLE_HEADERS.has(name)) continue;
    if (seen.has(name)) return malformedHeader(name, 'must not be repeated');
    seen.add(name);
  }
  return httpVersion === '1.1' && !seen.has('host') ? malformedHeader('host', 'is missing') : undefined;
}

function malformedHeader(name: string, detail: string): DomainError {
  const errors = [{ pointer: name, detail }];
  return new DomainError('malformed-request', `The header ${name} ${detail}`, { errors });
}

const METHODS = METRICS.duration.labels['http.request.method'];

function metricLabels(request: FastifyRequest, { status }: Outcome): LabelsOf<typeof METRICS.duration> {
  return {
    'http.request.method': METHODS.find((known) => known === request.method) ?? '_OTHER',
    'http.route': request.routeOptions.url ?? 'unmatched',
    'http.response.status_code': status,
  };
}

function accessLine(request: FastifyRequest, { status, durationMs }: Outcome): object {
  return {
    method: request.method,
    path: (request.url.split('?', 1)[0] ?? '').slice(0, 200),
    status,
    durationMs: Math.round(durationMs * 10) / 10,
  };
}

/** The status of the answer; 499 when the client went away before it had it, which is no failure of ours. */
function statusOf(reply: FastifyReply): number {
  return reply.raw.writableFinished ? reply.statusCode : 499;
}
