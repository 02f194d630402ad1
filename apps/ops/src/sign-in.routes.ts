import type { FastifyInstance } from 'fastify';
import type { Config } from './config.js';

/** What the page needs to know before anybody is signed in. */
export interface SignIn {
  /** null: the page asks for a token. */
  readonly client: { readonly authority: string; readonly clientId: string; readonly scope: string } | null;
  /** Where a trace can be looked at, with `{traceId}` in it; null = nowhere. */
  readonly traceUrl: string | null;
}

/** Serves `/api/sign-in`, to everybody. */
export function addSignIn(fastify: FastifyInstance, config: Config): void {
  const { oidcClientId: clientId, oidcIssuer: authority, traceUrlTemplate } = config;
  const scope = 'openid ops:read ops:write';
  const answer: SignIn = {
    client: clientId === undefined ? null : { authority, clientId, scope },
    traceUrl: traceUrlTemplate ?? null,
  };
  fastify.get('/api/sign-in', { config: { access: 'public' } }, async () => answer);
}
