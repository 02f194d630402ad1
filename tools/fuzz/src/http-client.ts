import { Agent, request, type ClientRequest } from 'node:http';
import type { Answer } from '@orders/http/testing/api-document';

/** A request that an HTTP library can send; {@link ./raw-http.ts} sends others. */
export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
}

const TIMEOUT_MS = 60_000;

/** Sends requests over kept-alive connections. */
export class HttpClient {
  readonly #host: string;
  readonly #port: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(base: string) {
    const { hostname, port } = new URL(base);
    this.#host = hostname;
    this.#port = port;
  }

  /** @throws Error when no answer comes */
  send(what: HttpRequest): Promise<Answer> {
    return this.#attempt(what, true);
  }

  close(): void {
    this.#agent.destroy();
  }

  #attempt(what: HttpRequest, mayRepeat: boolean): Promise<Answer> {
    const { method, path, headers, body } = what;
    return new Promise<Answer>((resolve, reject) => {
      // Not as a URL: it would be written anew before it is sent.
      const where = { host: this.#host, port: this.#port, path };
      const options = { ...where, method, headers, agent: this.#agent, timeout: TIMEOUT_MS };
      const call = request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            request: { method, path: path.split('?', 1)[0] ?? '' },
            status: response.statusCode ?? 0,
            headers: new Map(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(pieces).toString(),
          }),
        );
      });
      call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      call.on('error', (error: NodeJS.ErrnoException) => {
        if (mayRepeat && wasClosedBefore(call, error)) resolve(this.#attempt(what, false));
        else reject(error);
      });
      call.end(body);
    });
  }
}

/** The server closed a kept-alive connection just as the request was sent on it. */
function wasClosedBefore(call: ClientRequest, { code }: NodeJS.ErrnoException): boolean {
  return call.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}
