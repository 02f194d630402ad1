import { RouteConfig } from '@nestjs/platform-fastify';

import type { FastifyRequest } from 'fastify';

import type { Caller } from './token-verifier.js';

/** The scopes of all apps, in `scope` of a token. */
export type Scope = 'orders:read' | 'orders:write' | 'orders:admin' | 'ops:read' | 'ops:write';

/** Who may use a route: callers whose token has the scope, or everybody. A route without this setting fails the start. */
export type Access = Scope | 'public';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Present on routes that require a scope. */
    caller: Caller | undefined;
  }
}

/** A request on a route that requires a scope. */
export type CallerRequest = FastifyRequest & { caller: Caller };

/** Allows only callers whose token has `scope`. */
export const RequireScope = (scope: Scope) => RouteConfig({ access: scope });
