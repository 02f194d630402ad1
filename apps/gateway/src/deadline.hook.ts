import { Deadline } from '@orders/resilience';
import type { FastifyInstance, FastifyReply } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Counts from the arrival; over, too, when the client goes away before it has its answer. */
    deadline: Deadline;
  }
}

/** @param ms how long a request may take from its arrival on */
export function addDeadlines(fastify: FastifyInstance, ms: number): void {
  fastify.decorateRequest('deadline');
  fastify.addHook('onRequest', (request, reply, done) => {
    // gRPC and the batcher keep the time: a timer more for each of thousands of requests a second is dear.
    request.deadline = Deadline.withoutTimer(goneSignal(reply), ms);
    done();
  });
}

function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.on('close', () => {
    // To abort is dear, and after the answer nobody listens.
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
