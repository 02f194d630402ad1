import { exchange } from '../raw-http.ts';
import { cases, type Surface } from '../surface.ts';
import { freshKey } from '../system-under-fuzz.ts';
import { mutated, mutationsOfBytes } from './byte-mutations.ts';

const BODY = JSON.stringify({ items: [{ sku: 'apple', quantity: 3, priceCents: 250 }] });

/** Many of them are only a beginning. A good answer takes less on a machine that is not busy. */
const CLOSE_AFTER_MS = 100;

/** Good requests with wrong bytes. Nobody can tell the status of each; but it is one that the document has. */
export const BYTES: Surface = {
  name: 'bytes',
  what: 'the bytes of a good request with some changed, added, removed or repeated',
  share: 0.17,
  open: async (sut) => {
    const { authorization = '' } = await sut.headersOf('bytes');
    return {
      check: cases(mutationsOfBytes, async (changes) => {
        const bytes = mutated(requestBytes(authorization, freshKey('bytes')), changes);
        const answers = await exchange(sut.port, bytes, CLOSE_AFTER_MS);
        // Without an answer the order may be stored: its client went away while it was.
        if (answers.length === 0) sut.ledger.unanswered('bytes');
        for (const answer of answers) sut.check({ request: requestLine(bytes, answer.status), ...answer });
      }),
    };
  },
};

function requestBytes(authorization: string, key: string): Buffer {
  return Buffer.from(
    [
      'POST /orders HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: close',
      `Authorization: ${authorization}`,
      'Content-Type: application/json',
      `Idempotency-Key: ${key}`,
      `Content-Length: ${BODY.length}`,
      '',
      BODY,
    ].join('\r\n'),
  );
}

/** What the answer is about, as the document lists it. Parsers forgive; a success is only looked for where it belongs. */
function requestLine(bytes: Buffer, status: number): { method: string; path: string } | undefined {
  const [, method, path] = /^\s*([A-Z-]+) (\S+) HTTP/.exec(bytes.toString('latin1')) ?? [];
  const isRead = method !== undefined && path !== undefined;
  if (status < 300 || isRead)
    return { method: method ?? 'POST', path: (path ?? '/orders').split('?', 1)[0] ?? '' };
  return undefined;
}
