import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Answer } from '@orders/http/testing/api-document';

/**
 * Calls `onAnswer` for every answer of the server, before any byte of it is sent. Call it after the server has all of its
 * handlers. It does not see refusals by Node itself: a missing host, an unknown Expect, too many requests on a connection.
 */
export function watchAnswers(server: Server, onAnswer: (answer: Answer) => void): void {
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    watchResponse(response, (seen) => {
      const path = (request.url ?? '').split('?', 1)[0]!;
      onAnswer({ request: { method: request.method ?? '', path }, ...seen });
    });
  });
  // Answers to requests that the parser refuses are written as bytes.
  server.prependListener('clientError', (_error: Error, socket: Socket) => {
    const end = socket.end.bind(socket) as (...args: unknown[]) => Socket;
    socket.end = (...args: unknown[]) => {
      if (typeof args[0] === 'string') onAnswer({ request: undefined, ...parse(args[0]) });
      return end(...args);
    };
  });
}

type Seen = Omit<Answer, 'request'>;

function watchResponse(response: ServerResponse, onEnd: (seen: Seen) => void): void {
  const { writeHead, write, end } = response as unknown as Record<string, (...args: unknown[]) => unknown>;
  const body: Buffer[] = [];
  let direct: OutgoingHttpHeaders = {};
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) body.push(Buffer.from(chunk as string));
  };
  Object.assign(response, {
    writeHead: (...args: unknown[]) => {
      // getHeaders() does not have these.
      direct = (args.find((arg) => typeof arg === 'object') ?? {}) as OutgoingHttpHeaders;
      return writeHead!.apply(response, args);
    },
    write: (...args: unknown[]) => {
      keep(args[0]);
      return write!.apply(response, args);
    },
    end: (...args: unknown[]) => {
      keep(args[0]);
      const headers = Object.entries({ ...response.getHeaders(), ...direct });
      onEnd({
        status: response.statusCode,
        headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), String(value)])),
        body: Buffer.concat(body).toString(),
      });
      return end!.apply(response, args);
    },
  });
}

function parse(bytes: string): Seen {
  const [head = '', body = ''] = bytes.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => line.split(': ', 2) as [string, string]);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value])),
    body,
  };
}
