import { Deadline } from '@orders/resilience';
import type { FastifyInstance, FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Starts when the request arrives; also over when the client goes away before the whole answer is sent. */
    deadline: Deadline;
  }
}

/** @param ms longest time from the arrival of a request to its answer */
export function addDeadlines(fastify: FastifyInstance, ms: number): void {
  fastify.decorateRequest('deadline');
  fastify.addHook('onRequest', (request, reply, done) => {
    // gRPC and the batcher enforce it: another timer for each of thousands of requests a second is expensive.
    request.deadline = Deadline.withoutTimer(goneSignal(reply), ms);
    done();
  });
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    // Aborting is expensive, and after the answer nothing needs it.
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
