import { DomainError } from '@orders/contracts';
import {
  meter,
  runInContext,
  type RequestContext,
  type Span,
  DURATION_BUCKETS,
  contextFrom,
} from '@orders/instrumentation';
import type { Service } from '@orders/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { endHttpSpan, startHttpSpan } from './http-span.js';
import { parseStrictJson } from './json.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined only while the request line and headers are read. */
    requestContext: RequestContext | undefined;
    /** When its headers had come, by `performance.now`. */
    startedAt: number;
  }
}

interface Outcome {
  readonly status: number;
  readonly durationMs: number;
}

/** Headers that must not come twice: Node would join them, or drop one in silence. */
const SINGLE = new Set(['host', 'authorization', 'content-type', 'idempotency-key', 'if-match']);

/** For answers that are data, not pages. A route that serves pages overrides what it must. */
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Request context, security headers, one span, metric and log line a request, `Connection: close` while stopping. */
export function addEdgeHooks(fastify: FastifyInstance, service: Service): void {
  const duration = meter('http').createHistogram('http.server.request.duration.seconds', {
    description: 'Duration of HTTP requests at the server',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  fastify.decorateRequest('requestContext', undefined);
  fastify.decorateRequest('startedAt', 0);

  fastify.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now();
    const context = beginRequest(request, reply, startHttpSpan(request));
    // Comes for every request; Fastify's onResponse does not when the client goes away.
    reply.raw.on('close', () => {
      const outcome = { status: statusOf(reply), durationMs: performance.now() - request.startedAt };
      duration.record(outcome.durationMs / 1_000, metricLabels(request, outcome));
      // The event comes from the socket, outside of the request's own context.
      runInContext(context, () => service.logger.info(accessLine(request, outcome), 'request'));
      endHttpSpan(context.span, request, outcome.status);
    });
    const repeated = repeatedHeader(request.raw.rawHeaders);
    runInContext(context, () => (repeated ? done(repeated) : done()));
  });

  // eslint-disable-next-line @typescript-eslint/max-params -- Fastify's signature
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (service.stopping) reply.header('connection', 'close');
    done();
  });
}

/** Gives the request its context and the answer its headers; also for requests that no hook sees (a path like `/%zz`). */
export function beginRequest(request: FastifyRequest, reply: FastifyReply, span?: Span): RequestContext {
  const context = contextFrom((name) => request.headers[name], span);
  request.requestContext = context;
  reply
    .headers(SECURITY_HEADERS)
    .header('x-request-id', context.requestId)
    .header('x-correlation-id', context.correlationId);
  return context;
}

/** `application/json` in UTF-8 and nothing else; an empty body is `undefined`, for the validation to complain about. */
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
}

function refuseOtherEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (encoding === undefined && (charset === undefined || /^utf-?8$/i.test(charset))) return;
  throw new DomainError('unsupported-media-type', 'The body must be UTF-8 and carry no content encoding', {
    errors: [
      encoding === undefined
        ? { pointer: 'content-type', detail: 'the charset must be utf-8' }
        : { pointer: 'content-encoding', detail: 'is not taken' },
    ],
  });
}

function repeatedHeader(rawHeaders: readonly string[]): DomainError | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? '';
    if (!SINGLE.has(name)) continue;
    if (seen.has(name)) {
      const errors = [{ pointer: name, detail: 'must not come twice' }];
      return new DomainError('malformed-request', `The header ${name} must not come twice`, { errors });
    }
    seen.add(name);
  }
  return undefined;
}

function metricLabels(request: FastifyRequest, { status }: Outcome) {
  return {
    'http.request.method': request.method,
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

/** 499 when the client did not wait for its answer, so that impatience does not count as a failure of ours. */
function statusOf(reply: FastifyReply): number {
  return reply.raw.writableFinished ? reply.statusCode : 499;
}
