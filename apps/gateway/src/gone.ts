import type { FastifyReply } from 'fastify';

/** Aborts when the client goes away before it has its answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  if (reply.raw.destroyed) return AbortSignal.abort();
  const gone = new AbortController();
  reply.raw.once('close', () => {
    // To abort is dear, and after the answer nobody listens.
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
