import { RouteConfig } from '@nestjs/platform-fastify';

import type { FastifyRequest } from 'fastify';

import type { Caller } from './token-verifier.js';

export type Scope = 'orders:read' | 'orders:write' | 'orders:admin';

/** Whom a route lets in: a caller whose token has the scope, or everybody. A route that does not say fails the start. */
export type Access = Scope | 'public';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** On routes that require a scope. */
    caller: Caller | undefined;
  }
}

/** What gets in to a route that requires a scope. */
export type CallerRequest = FastifyRequest & { caller: Caller };

/** Lets in callers whose token has `scope`. */
export const RequireScope = (scope: Scope) => RouteConfig({ access: scope });
