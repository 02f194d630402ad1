import { DomainError } from '@orders/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Access, Scope } from './access.js';
import type { Caller, TokenVerifier } from './token-verifier.js';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Authenticates before a byte of the body is read: strangers cost as little as can be. A Nest guard would come after
 * the body was parsed.
 */
export function addAuthentication(fastify: FastifyInstance, verifier: TokenVerifier): void {
  fastify.decorateRequest('caller', undefined);
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} does not say whom it lets in`);
  });
  fastify.addHook('onRequest', async (request, reply) => {
    const access: Access | undefined = request.routeOptions.config.access;
    if (request.is404 || access === 'public' || access === undefined) return;
    request.caller = await authenticate(request, reply, verifier);
    authorize(request.caller, access, reply);
  });
}

/** The token of an Authorization header; undefined when it carries none. */
export function bearerToken(authorization = ''): string | undefined {
  return BEARER.exec(authorization)?.[1];
}

async function authenticate(
  request: FastifyRequest,
  reply: FastifyReply,
  verifier: TokenVerifier,
): Promise<Caller> {
  const { authorization } = request.headers;
  const token = bearerToken(authorization);
  try {
    if (token !== undefined) return await verifier.verify(token);
    throw new DomainError('unauthenticated', 'The request carries no bearer token');
  } catch (error) {
    if (error instanceof DomainError && error.code === 'unauthenticated') {
      // RFC 6750 section 3.1: no error code when there was no token at all.
      const reason =
        authorization === undefined ? '' : `, error="invalid_token", error_description="${error.message}"`;
      reply.header('www-authenticate', `Bearer realm="orders"${reason}`);
    }
    throw error;
  }
}

function authorize(caller: Caller, scope: Scope, reply: FastifyReply): void {
  if (caller.scopes.has(scope)) return;
  reply.header('www-authenticate', `Bearer realm="orders", error="insufficient_scope", scope="${scope}"`);
  throw new DomainError('forbidden', `The access token lacks the scope ${scope}`);
}
