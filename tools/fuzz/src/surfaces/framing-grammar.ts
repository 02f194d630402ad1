import fc from 'fast-check';

/** Two orders on one connection, the first framed in some way. */
export interface Framed {
  /**
   * By RFC 9112 and 9110: `fine` = both are done; `refused` = the first is not, and its end is known, so the second is
   * done; `forbidden` = the first is refused, and nothing after it is read.
   */
  readonly verdict: 'fine' | 'refused' | 'forbidden';
  readonly why: string;
  readonly bytes: (secrets: Secrets) => Buffer;
}

interface Secrets {
  readonly authorization: string;
  /** Idempotency keys of the two orders. */
  readonly keys: readonly [string, string];
}

interface Variant {
  readonly why: string;
  readonly line?: string;
  readonly host?: readonly string[];
  readonly headers?: readonly string[];
  /** Header lines that tell the length, and the body as it is sent. Default: its length. */
  readonly framing?: (body: string) => { headers: readonly string[]; sent: string };
}

const BODY = JSON.stringify({ items: [{ sku: 'apple', quantity: 3, priceCents: 250 }] });
const LENGTH = `Content-Length: ${BODY.length}`;

const one = (header: string) => (sent: string) => ({ headers: [header], sent });
const with2 = (first: string, second: string) => (sent: string) => ({ headers: [first, second], sent });

/** The body in chunks of these sizes, the rest in a last one. */
function chunked(
  body: string,
  sizes: readonly number[],
  { extension = '', trailer = '', upper = false } = {},
): string {
  const hex = (size: number) =>
    upper ? size.toString(16).toUpperCase().padStart(4, '0') : size.toString(16);
  let rest = body;
  let sent = '';
  for (const size of [...sizes, body.length]) {
    const piece = rest.slice(0, size);
    rest = rest.slice(size);
    if (piece !== '') sent += `${hex(piece.length)}${extension}\r\n${piece}\r\n`;
  }
  return `${sent}0\r\n${trailer}\r\n`;
}

const CHUNKED = 'Transfer-Encoding: chunked';
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 });

const fine: fc.Arbitrary<Variant> = fc.oneof(
  fc.constantFrom<Variant>(
    { why: 'a length' },
    { why: 'a length with leading zeros', framing: one(`Content-Length: 00${BODY.length}`) },
    { why: 'a length with white space around it', framing: one(`content-LENGTH:\t ${BODY.length} \t`) },
    { why: 'an empty header', headers: ['X-Empty:'] },
    { why: 'a host with a port', host: ['Host: localhost:80'] },
    { why: 'an empty line before it', line: '\r\nPOST /orders HTTP/1.1' },
    { why: 'a query that no rule forbids', line: 'POST /orders? HTTP/1.1' },
  ),
  fc
    .record({
      extension: fc.constantFrom('', ';a=b', ';a="b c"'),
      trailer: fc.constantFrom('', 'X-Trailer: a\r\n'),
      upper: fc.boolean(),
    })
    .chain((options) =>
      sizes.map((lengths) => ({
        why: `chunks of ${lengths.join()} ${JSON.stringify(options)}`,
        framing: (body: string) => ({ headers: [CHUNKED], sent: chunked(body, lengths, options) }),
      })),
    ),
);

const forbidden: fc.Arbitrary<Variant> = fc.constantFrom<Variant>(
  { why: 'two lengths', framing: with2(LENGTH, 'Content-Length: 3') },
  { why: 'a list of lengths', framing: one(`Content-Length: ${BODY.length}, 3`) },
  { why: 'a length with a sign', framing: one(`Content-Length: +${BODY.length}`) },
  { why: 'a negative length', framing: one('Content-Length: -1') },
  { why: 'a length in hex', framing: one('Content-Length: 0x30') },
  { why: 'a length with a fraction', framing: one(`Content-Length: ${BODY.length}.0`) },
  { why: 'a length beyond 64 bits', framing: one('Content-Length: 99999999999999999999') },
  {
    why: 'a length and chunks',
    framing: (body) => ({ headers: [LENGTH, CHUNKED], sent: chunked(body, []) }),
  },
  {
    why: 'chunks and a length',
    framing: (body) => ({ headers: [CHUNKED, 'Content-Length: 3'], sent: chunked(body, []) }),
  },
  {
    why: 'an unknown coding',
    framing: (body) => ({ headers: ['Transfer-Encoding: xchunked'], sent: chunked(body, []) }),
  },
  {
    why: 'chunks before another coding',
    framing: (body) => ({ headers: ['Transfer-Encoding: chunked, identity'], sent: chunked(body, []) }),
  },
  { why: 'a chunk size that is no number', framing: () => ({ headers: [CHUNKED], sent: 'zz\r\n' }) },
  {
    why: 'a chunk size with a sign',
    framing: (body) => ({ headers: [CHUNKED], sent: `-${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n` }),
  },
  {
    why: 'a chunk that is longer than its size',
    framing: (body) => ({ headers: [CHUNKED], sent: `1\r\n${body}\r\n0\r\n\r\n` }),
  },
  { why: 'a space before a colon', headers: ['X-A : 1'] },
  { why: 'a header without a colon', headers: ['X-A'] },
  { why: 'a header without a name', headers: [': 1'] },
  { why: 'a header on two lines', headers: ['X-A: 1', ' 2'] },
  { why: 'a NUL in a header', headers: ['X-A: a\0b'] },
  { why: 'a bare CR in a header', headers: ['X-A: a\rb'] },
  { why: 'HTTP/3', line: 'POST /orders HTTP/3.0' },
  { why: 'a method with a space before it', line: ' POST /orders HTTP/1.1' },
  { why: 'a target with a space in it', line: 'POST /or ders HTTP/1.1' },
);

/** Every way above, with what the RFCs say about it. */
export const framings: fc.Arbitrary<Framed> = fc.oneof(
  { weight: 10, arbitrary: fine.map((variant) => framed('fine', variant)) },
  {
    weight: 1,
    arbitrary: fc.constant(framed('refused', { why: 'two hosts', host: ['Host: a', 'Host: b'] })),
  },
  { weight: 1, arbitrary: fc.constant(framed('refused', { why: 'no host', host: [] })) },
  { weight: 20, arbitrary: forbidden.map((variant) => framed('forbidden', variant)) },
);

function framed(verdict: Framed['verdict'], variant: Variant): Framed {
  const {
    why,
    line = 'POST /orders HTTP/1.1',
    host = ['Host: 127.0.0.1'],
    headers = [],
    framing = one(LENGTH),
  } = variant;
  const bytes = ({ authorization, keys }: Secrets) => {
    const { headers: length, sent } = framing(BODY);
    const common = [`Authorization: ${authorization}`, 'Content-Type: application/json'];
    const first = [line, ...host, ...headers, ...common, `Idempotency-Key: ${keys[0]}`, ...length, '', sent];
    const second = [
      'POST /orders HTTP/1.1',
      'Host: 127.0.0.1',
      ...common,
      `Idempotency-Key: ${keys[1]}`,
      'Connection: close',
      LENGTH,
      '',
      BODY,
    ];
    return Buffer.from(`${first.join('\r\n')}${second.join('\r\n')}`, 'latin1');
  };
  return { verdict, why, bytes };
}
