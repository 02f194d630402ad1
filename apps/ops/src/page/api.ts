import type { Session } from './sign-in.js';

/** An answer that is no success, in the words of the server. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Calls the API of this app as whoever is signed in. */
export class Api {
  constructor(private readonly session: Session) {}

  /** @throws {ApiError} when the answer is no success */
  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.fetch(path, { ...(signal && { signal }) })).json() as Promise<T>;
  }

  /** @throws {ApiError} when the answer is no success */
  async post<T>(path: string, body: object): Promise<T> {
    const response = await this.fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return response.json() as Promise<T>;
  }

  /**
   * Server-sent events, each as JSON, until the stream ends. An EventSource could not send the token.
   *
   * @throws {ApiError} when the answer is no success
   */
  async *events<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
    const { body } = await this.fetch(path, { signal });
    if (body) yield* parse<T>(body);
  }

  private async fetch(path: string, init: RequestInit): Promise<Response> {
    const token = await this.session.token();
    const response = await fetch(path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token ?? ''}` },
    });
    if (response.ok) return response;
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ApiError(response.status, problem.detail ?? `The server answered ${response.status}`);
  }
}

async function* parse<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) yield JSON.parse(event.replace(/^data: /, '')) as T;
  }
}
