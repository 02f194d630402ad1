import { Agent, request } from 'node:http';

export interface Answer {
  /** 0 = no answer. */
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Why there was no answer. */
  error?: string;
}

/** A little longer than the deadline of the edge. */
const TIMEOUT_MS = 7_000;

/** The public API as a client sees it. Never rejects: without an answer the status is 0. */
export class Api {
  readonly #base: string;
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /** @param options.keepAlive false = a connection of its own for each request */
  constructor(base: string, { keepAlive = true, timeoutMs = TIMEOUT_MS } = {}) {
    this.#base = base;
    this.#agent = new Agent({ keepAlive });
    this.#timeoutMs = timeoutMs;
  }

  post(path: string, headers: Record<string, string>, body?: unknown): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const none = (error: Error & { code?: string }): void =>
        resolve({ status: 0, headers: {}, text: '', error: error.code ?? error.message });
      const type = payload === undefined ? {} : { 'content-type': 'application/json' };
      const call = request(
        `${this.#base}${path}`,
        { method: 'POST', agent: this.#agent, signal, headers: { ...headers, ...type } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
          response.on('error', none);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
        },
      );
      call.on('error', none).end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
