import type { DomainError } from '@orders/contracts';
import { problemDetails, problemOf } from '@orders/http';
import type { RequestListener, Server } from 'node:http';
import { HeldRefusals, type Refusal } from './held-refusals.js';

/** The answer to an error, without the ids of a request. */
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
 * Refuses at the server's door what would be refused behind it. A refusal must cost a fraction of what an order costs,
 * or refusing ten times the load leaves nothing for those who are served: through Fastify, its hooks and the access log
 * it does not (docs/performance.md). What is refused here is counted but has no line in the log and no request id.
 *
 * @param refusalOf what awaits whoever shows this Authorization header; requests without one are let in
 */
export function refuseEarly(server: Server, refusalOf: (authorization: string) => Refusal | undefined): void {
  const held = new HeldRefusals();
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', (request, response) => {
    const { authorization } = request.headers;
    // Behind a refusal an order could not be answered, and would keep its place meanwhile.
    const refusal =
      held.on(request.socket) ?? (authorization === undefined ? undefined : refusalOf(authorization));
    if (refusal) held.add(refusal, response, request.socket);
    else for (const handle of handlers) handle(request, response);
  });
}
