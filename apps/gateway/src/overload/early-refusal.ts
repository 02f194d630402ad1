import type { DomainError } from '@orders/contracts';
import { problemDetails, problemOf } from '@orders/http';
import type { RequestListener, Server } from 'node:http';
import { HeldRefusals, type Refusal } from './held-refusals.js';

/** The answer to an error, without request id and trace id. */
export function refusalFor(error: DomainError, headers: Record<string, string> = {}): Refusal {
  const problem = problemOf(error);
  const body = JSON.stringify(problemDetails(problem, {}));
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'retry-after': String(problem.retryAfterSeconds ?? 1),
      ...headers,
    },
    body,
  };
}

/**
 * Refuses requests before Fastify handles them. A refusal must cost a fraction of an order: otherwise, at ten times the
 * capacity, refusing uses all CPU. Fastify, its hooks and the access log are too expensive for that
 * (docs/performance.md). A request refused here is counted, but has no log line and no request id.
 *
 * @param refusalOf the refusal for this Authorization header and method, if any; requests without the header are passed on
 */
export function refuseEarly(
  server: Server,
  refusalOf: (authorization: string, method: string | undefined) => Refusal | undefined,
): void {
  const held = new HeldRefusals();
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', (request, response) => {
    const { authorization } = request.headers;
    // A request pipelined behind a held refusal cannot be answered yet, and would occupy a place until then.
    const refusal =
      held.on(request.socket) ??
      (authorization === undefined ? undefined : refusalOf(authorization, request.method));
    if (refusal) held.add(refusal, response, request.socket);
    else for (const handle of handlers) handle(request, response);
  });
}
