import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';

import { type Caller } from '../auth/token-verifier.js';
import { type CallLimits } from './orders.client.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** How long a request may take from its arrival on, in ms. */
    requestDeadlineMs: number;
  }
}

/** One request, as a handler needs it. */
export interface Call {
  caller: Caller;
  headers: FastifyRequest['headers'];
  reply: FastifyReply;
  limits: CallLimits;
}

/** The {@link Call} of a route that requires a scope. */
export const CallOf = createParamDecorator((_: unknown, host: ExecutionContext): Call => {
  const { caller, headers } = host.switchToHttp().getRequest<FastifyRequest>();
  const reply = host.switchToHttp().getResponse<FastifyReply>();
  if (!caller) throw new Error('a public route has no caller');
  return { caller, headers, reply, limits: limitsOf(reply) };
});

function limitsOf(reply: FastifyReply): CallLimits {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  // Not a Deadline: gRPC keeps the time, and a timer for each of thousands of requests a second is dear.
  return { timeoutMs: reply.server.requestDeadlineMs - reply.elapsedTime, signal: gone.signal };
}
