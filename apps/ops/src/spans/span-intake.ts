import { DomainError } from '@orders/contracts';
import type { Secret } from '@orders/service';
import type { FastifyInstance } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { spansOf } from './otlp.js';
import type { SpanStore } from './span-store.js';

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Takes spans at `/v1/traces`, by OTLP over HTTP as JSON (`OTEL_EXPORTER_OTLP_PROTOCOL=http/json`), uncompressed.
 *
 * @param token what senders must show as their bearer token; they are no callers with tokens of the issuer
 */
export function addSpanIntake(fastify: FastifyInstance, store: SpanStore, token: Secret): void {
  const wanted = digest(`Bearer ${token.reveal()}`);
  fastify.post('/v1/traces', {
    config: { access: 'public' },
    bodyLimit: MAX_BYTES,
    // Before the body is read.
    onRequest: async ({ headers }) => {
      if (!timingSafeEqual(digest(headers.authorization ?? ''), wanted))
        throw new DomainError('unauthenticated', 'Spans are taken only with the token of SPANS_TOKEN');
    },
    handler: async ({ body }) => {
      store.add(spansOf(body));
      return {};
    },
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
