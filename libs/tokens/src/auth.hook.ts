import { DomainError } from '@orders/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Access, Scope } from './access.js';
import type { Caller, TokenVerifier } from './token-verifier.js';

/**
 * Authenticates before the body is read, so that unauthenticated requests cost little. A Nest guard would run after the
 * body has been parsed.
 */
export function addAuthentication(fastify: FastifyInstance, verifier: TokenVerifier): void {
  fastify.decorateRequest('caller', undefined);
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${String(method)} ${url} has no access setting`);
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

/** Adds the challenge to 401 and 403 answers (RFC 6750 section 3). */
function challenge(error: Error, request: FastifyRequest, reply: FastifyReply): Error {
  if (error instanceof DomainError && error.code === 'unauthenticated') {
    // No error code when the request had no token.
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
