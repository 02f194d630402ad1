import type { RequestListener, Server, ServerResponse } from 'node:http';

import type { DomainError } from '@orders/contracts';
import { problemDetails, problemOf } from '@orders/service';

/** A whole answer, made once. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

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
 * How long a refusal waits before it is sent, in ms. Whoever asks again only when answered is slowed down instead of
 * being refused as fast as this process can: a connection costs four refusals a second, not as many as it can send.
 */
const HOLD_MS = 250;

/**
 * Refuses at the server's door what would be refused behind it. A refusal must cost a fraction of what an order costs,
 * or refusing ten times the load leaves nothing for those who are served: through Fastify, its hooks and the access log
 * it does not (docs/performance.md). What is refused here is counted but has no line in the log and no request id.
 *
 * @param refusalOf what awaits whoever shows this Authorization header; requests without one are let in
 */
export function refuseEarly(server: Server, refusalOf: (authorization: string) => Refusal | undefined): void {
  const handlers = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request').on('request', (request, response) => {
    const { authorization } = request.headers;
    const refusal = authorization === undefined ? undefined : refusalOf(authorization);
    if (refusal) setTimeout(() => send(refusal, response), HOLD_MS);
    else for (const handle of handlers) handle(request, response);
  });
}

function send({ status, headers, body }: Refusal, response: ServerResponse): void {
  response.writeHead(status, headers).end(body);
}
