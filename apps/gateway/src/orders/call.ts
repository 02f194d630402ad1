import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Deadline } from '@orders/resilience';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Caller } from '../auth/token-verifier.js';
import { goneSignal } from '../gone.js';

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
  deadline: Deadline;
}

/** The {@link Call} of a route that requires a scope. */
export const CallOf = createParamDecorator((_: unknown, host: ExecutionContext): Call => {
  const request = host.switchToHttp().getRequest<FastifyRequest>();
  const { caller, headers } = request;
  const reply = host.switchToHttp().getResponse<FastifyReply>();
  if (!caller) throw new Error('a public route has no caller');
  return { caller, headers, reply, deadline: deadlineOf(request, reply) };
});

function deadlineOf({ startedAt }: FastifyRequest, reply: FastifyReply): Deadline {
  // gRPC and the batcher keep the time: a timer more for each of thousands of requests a second is dear.
  return Deadline.keptBy(goneSignal(reply), reply.server.requestDeadlineMs - (performance.now() - startedAt));
}
