import { DomainError } from '@orders/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Access, Scope } from './access.js';
import type { Caller, TokenVerifier } from './token-verifier.js';

/**
 * Authenticates before a byte of the body is read: strangers cost as little as can be. A Nest guard would come after
 * the body was parsed.
 */
export function addAuthentication(fastify: FastifyInstance, verifier: TokenVerifier): void {
  fastify.decorateRequest('caller', undefined);
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} does not say whom it lets in`);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const access: Access | undefined = request.routeOptions.config.access;
    if (request.is404 || access === 'public' || access === undefined) return done();
    const { authorization = '' } = request.headers;
    const admit = (caller: Caller) => {
      request.caller = caller;
      done(authorize(caller, access, reply));
    };
    const known = verifier.known(authorization);
    if (known) admit(known);
    else verifier.verify(authorization).then(admit, (error: Error) => done(challenge(error, request, reply)));
  });
}

/** Tells who is not authenticated how to come back (RFC 6750 section 3). */
function challenge(error: Error, request: FastifyRequest, reply: FastifyReply): Error {
  if (error instanceof DomainError && error.code === 'unauthenticated') {
    // No error code when there was no token at all.
    const isStranger = request.headers.authorization === undefined;
    const reason = isStranger ? '' : `, error="invalid_token", error_description="${error.message}"`;
    reply.header('www-authenticate', `Bearer realm="orders"${reason}`);
  }
  return error;
}

function authorize(caller: Caller, scope: Scope, reply: FastifyReply): DomainError | undefined {
  if (caller.scopes.has(scope)) return undefined;
  reply.header('www-authenticate', `Bearer realm="orders", error="insufficient_scope", scope="${scope}"`);
  return new DomainError('forbidden', `The access token lacks the scope ${scope}`);
}
