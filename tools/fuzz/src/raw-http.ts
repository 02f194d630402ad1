import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** The names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** How long a connection may stay open after all that there was to say. */
const TIMEOUT_MS = 60_000;

/**
 * Opens a connection, sends the bytes, and reads until the server closes it. A server that waits for more learns after
 * `closeAfterMs` that there is none.
 *
 * @param closeAfterMs default: never
 * @throws Error when the server does not close it, or what it sent is no sequence of HTTP/1.1 answers
 */
export async function exchange(port: number, bytes: Buffer, closeAfterMs?: number): Promise<RawAnswer[]> {
  return parseAnswers(await conversation(port, bytes, closeAfterMs));
}

/** As {@link exchange}: all the bytes that come back. */
export function conversation(port: number, bytes: Buffer, closeAfterMs?: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(TIMEOUT_MS, () =>
      socket.destroy(new Error(`the connection is open after ${TIMEOUT_MS} ms`)),
    );
    socket.on('data', (piece) => pieces.push(piece));
    // A refusal may come before all is sent, and the server then resets the connection.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    const timer = closeAfterMs === undefined ? undefined : setTimeout(() => socket.end(), closeAfterMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(pieces));
    });
    socket.write(bytes);
  });
}

/** @throws Error when they are no sequence of whole answers */
export function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const { answer, length } = parseOne(rest);
    // 100 Continue and its like precede the answer.
    if (answer.status >= 200) answers.push(answer);
    rest = rest.subarray(length);
  }
  return answers;
}

function parseOne(bytes: Buffer): { answer: RawAnswer; length: number } {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  if (end === -1 || Number.isNaN(status)) throw new Error(`no HTTP answer: ${excerpt(bytes)}`);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const after = bytes.subarray(end + 4);
  const { body, length } = status < 200 || status === 204 ? { body: '', length: 0 } : bodyOf(headers, after);
  return { answer: { status, headers, body }, length: end + 4 + length };
}

function bodyOf(headers: ReadonlyMap<string, string>, after: Buffer): { body: string; length: number } {
  if (headers.get('transfer-encoding') === 'chunked') return chunkedBody(after);
  const length = Number(headers.get('content-length') ?? 0);
  if (after.length < length) throw new Error(`a body of ${length} bytes is cut off after ${after.length}`);
  return { body: after.subarray(0, length).toString(), length };
}

function chunkedBody(bytes: Buffer): { body: string; length: number } {
  let body = '';
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (lineEnd === -1 || Number.isNaN(size)) throw new Error(`a chunk is cut off: ${excerpt(bytes)}`);
    body += bytes.subarray(lineEnd + 2, lineEnd + 2 + size).toString();
    at = lineEnd + 2 + size + 2;
    if (size === 0) return { body, length: at };
  }
}

function excerpt(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 200).toString('latin1'));
}
