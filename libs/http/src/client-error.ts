import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemDetails, problemOf } from './problem.js';

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The response that Node is making for a connection; a private field of it. */
type WithResponse = Socket & { _httpMessage?: ServerResponse | null };

/**
 * Answers a request that Node's HTTP parser refuses, which never reaches Fastify, and closes the connection. If a whole
 * request came before it and is still being served, that one gets its own answer, and the connection ends after it: a
 * refusal in its place would say that nothing was done.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { _httpMessage: earlier } = socket as WithResponse;
  if (earlier?.req.complete && !earlier.writableEnded) {
    earlier.shouldKeepAlive = false;
    return;
  }
  const problem = problemOf({ statusCode: STATUS_BY_CODE[error.code ?? ''] ?? 400 });
  const requestId = randomUUID();
  const body = JSON.stringify(problemDetails(problem, { requestId }));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      `Content-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
